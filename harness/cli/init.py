"""`certify init`: a commented certify.toml to start from."""

from __future__ import annotations

from pathlib import Path

from harness.model.errors import UsageError

EXAMPLE = """\
# certify.toml: who is certified, and how to reach it. `certify doctor --target staging` checks it.
# Run: certify --target staging

# suites = ["./our-suites"]          # more folders of checks, found like the shipped ones
# scenarios = ["./our-scenarios"]    # more chaos scenarios (docs/chaos.md)

[target.staging]
base_url = "https://sandbox.platform.example"   # calls go to base_url + /v1/...
role = "platform"                    # the side under test: platform or provider
sandbox = true                       # your word that this is a sandbox; the target must say so too
level = "built"                      # built, contract (T-7), resilience (T-3) or launch (T-0)
contract = "1.7"                     # a built-in version, the path of your OpenAPI document,
                                     # or "target:/openapi.json": what the platform itself publishes
# hosts = ["hooks.platform.example"] # other hosts that may be contacted; no host is contacted unnamed
# second_region = "uk"               # a region of the same tenant, other than the provider's below
# timeout_seconds = 10.0             # one exchange, all in all
# webhook_listen = "127.0.0.1"       # the address at which the platform reaches our webhook receiver
# webhook_wait_seconds = 20.0        # how long an event or webhook may take
# unreachable = ["redriveDeadLetter"]  # operations that nothing can carry out here; fuzzing asks of the others
                                     # that each was carried out at least once

# What platforms legally do differently. Each line below is the default; declare what differs.
[target.staging.profile]
# idempotency_header = "X-Idempotency-Key"
# duplicate_answer = "replay"            # or "own_code": of a known bet_id under a new key; the same key replays
# mismatch_status = 409                  # or 422
# replay_balance = "identical"           # or "recomputed"
# unknown_rollback = "accepted"          # or "not_found"; either way the bet may not come later
# rollback_after_settle = "refused"      # or "reverses"
# id_scope = "tenant"                    # or "global"
# money_form = "minor_units"             # or "decimal_string"
# zero_stake = "accepted"                # or "refused"
# settle_without_authorize = "refused"   # or "parked"
# missing_trace_id = "refused"           # or "generated"
# signature_header = "X-Signature"
# timestamp_header = "X-Timestamp"
# event_id_header = "X-Event-Id"
# freshness_window_seconds = 300
# key_lifetime_hours = 24                # how long an idempotency key is remembered, at the least
# retry_horizon_hours = 12               # how long any partner may go on repeating a call
# undocumented_fields = "told"           # or "fail": members of answers that the contract does not name (CONT-02)

# What its sandbox API cannot do to the platform: commands run here, without a shell.
[target.staging.hooks]
# restart = "docker kill platform"         # a crash, no stop; the platform comes back, with a new started_at

# Where the platform looks for its wallet while it is certified, and where that is: chaos scenarios stand between.
[target.staging.wallet]
# listen = "127.0.0.1:9400"
# upstream = "http://127.0.0.1:9300"
# max_in_flight = 64                       # wallet calls under way at once, by the platform's own word
# recovers_seconds = 60                    # once its wallet is well, what was unclear has an end within that time

[target.staging.webhooks]
# try_seconds = 30.0                       # how long the platform waits for the answer of a webhook receiver

# The rate limit of one party, best a small one: TIME-09 floods it, and looks after its neighbours meanwhile.
[target.staging.limits]
# party = "sibling"                        # or provider, other; default: sibling, or provider without one
# per_second = 50
# burst = 100
# per = "brand"                            # or "provider": its brands share one allowance

# What the platform bears, and how well: the burst of LOAD-01 asks for it, and no storm for more than the cap.
[target.staging.load]
# rounds_per_second = 50                   # rounds (an authorize and what ends it) that may begin in a second
# slo = ["p95 < 400ms", "p99 < 1s", "errors < 0.1%"]
# most_rounds_per_second = 200             # the cap (default: four times the rate); declared, LOAD-05 asks for it
# abort = ["p95 < 2s", "errors < 20%"]     # missed for so long on end, it stops a storm
# abort_after_seconds = 10
# event_lag_seconds = 5                    # an event is in the feed within that time, also under load
# settles_within_seconds = 30              # so long after a burst events, queues and lag are as before
# metrics = "https://sandbox.platform.example/metrics"   # Prometheus text, at a host that may be contacted
# queues = ["webhook_deliveries_owed"]     # which of the metrics are lengths of queues

# What its contract and its events are held against (docs/drift.md, "In a run"). Files are beside this one.
[target.staging.evolution]
# baseline = "main:api/openapi.yaml"       # default: the release of the unified API that your document is of
# waivers = "drift-waivers.toml"           # accepted changes, as for `certify drift`
# notice_days = 90                         # so long a deprecation is known before its sunset
# events = "target:/asyncapi.json"         # where you publish your event schemas; "unified": you send as released
# registry = "schemas/"                    # what was released: folder, REVISION:folder or a registry's URL
# level = "full_transitive"

# What its consumers need of it, as pacts (docs/pact.md); without sources typical consumers of the unified API stand in.
[target.staging.pact]
# sources = ["pacts", "https://broker.example"]   # files, folders, Pact Brokers
# providers = ["our-platform"]             # names that pacts call it by
# states_command = "python set_state.py"   # for provider states that certify does not know; or states = "https://..."
# token = "env:PACT_BROKER_TOKEN"

# What the platform does not offer at all. Its controls become "not applicable", with this as the reason.
[target.staging.capabilities]
# bonuses = false
# wallet = false                           # nothing of ours can be put between the platform and its wallet
# load = false                             # no storm may be blown at it
# jackpots = false

# OAuth2 clients. Secrets are references to environment variables, never values.
[target.staging.credentials.provider]
client_id = "provider-a"
secret = "env:CERTIFY_PROVIDER_SECRET"
tenant_id = "tenant-a"
provider_id = "provider-a"
brand_id = "brand-a1"
region = "eu-west"
# signing_secret = "env:CERTIFY_PROVIDER_SIGNING"  # what it signs the events with that it publishes to /v1/inbox/events

[target.staging.credentials.other]       # a provider of a second tenant (isolation controls)
client_id = "provider-b"
secret = "env:CERTIFY_OTHER_SECRET"
tenant_id = "tenant-b"
provider_id = "provider-b"
brand_id = "brand-b1"
region = "eu-west"

# [target.staging.credentials.sibling]   # optional: a provider of a second brand of the first tenant
# client_id = "provider-a2"

[target.staging.credentials.observer]    # read-only: the independent view by which effects are judged
client_id = "observer-a"
secret = "env:CERTIFY_OBSERVER_SECRET"
tenant_id = "tenant-a"
provider_id = "observer-a"
brand_id = "brand-a1"
region = "eu-west"

[target.staging.credentials.admin]       # the sandbox administration: test players, funds, restart
client_id = "sandbox-admin"
secret = "env:CERTIFY_ADMIN_SECRET"
"""


def write_example(path: Path) -> str:
    """Write the example; returns what to do next. UsageError when the file exists or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", remedy="Name another file: certify init other.toml") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", remedy="Name a file you may write") from error
    return (f"Wrote {path}. Next: fill in base_url and credentials, export the secrets, then "
            "certify doctor --target staging")
