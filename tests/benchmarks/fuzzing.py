"""Cases per second of CONT-03 against the `st run` command: same document, server and settings, rounds interleaved."""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.contracts import packs
from harness.model.operations import operations

ROUNDS = 3
EXAMPLES = 30
CONFIG = """[target.x]
base_url = "{url}"
sandbox = true
level = "built"
second_region = "uk"
{credentials}"""


def main() -> None:
    """Cases/s of both, median and range of the ratio, and the largest process of each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, theirs, ratios = [], [], []
        for seed in range(1, ROUNDS + 1):
            with Sandbox() as fresh:  # each gets its own: st run leaves webhook endpoints behind that slow a platform
                theirs.append(_st(fresh, folder, seed))
            with Sandbox() as fresh:
                ours.append(_certify(fresh, folder, seed))
            ratios.append(ours[-1] / theirs[-1])
            print(f"round {seed}: certify {ours[-1]:.0f} cases/s, st run {theirs[-1]:.0f} cases/s")
    print(f"fuzzing: certify {statistics.median(ours):.0f} cases/s, st run {statistics.median(theirs):.0f} cases/s, "
          f"ratio {statistics.median(ratios):.2f} [{min(ratios):.2f}-{max(ratios):.2f}]; largest process "
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")


class Sandbox:
    """`certify sandbox` as its own process; entering gives what it printed."""

    def __enter__(self) -> dict:
        self.process = subprocess.Popen([sys.executable, "-m", "harness.cli.main", "sandbox", "--json"],
                                        stdout=subprocess.PIPE, text=True)
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()


def _certify(sandbox: dict, folder: Path, seed: int) -> float:
    """Made-up requests a second of the whole command, judging and reports included."""
    parties = {"provider": ("provider-a", "brand-a1"), "other": ("provider-b", "brand-b1"),
               "observer": ("observer-a", "brand-a1"), "admin": ("sandbox-admin", "")}
    known = {c["client_id"]: c for c in sandbox["clients"]}
    lines, environment = [], dict(os.environ)
    for party, (client, brand) in parties.items():
        environment |= {f"S_{party}": known[client]["secret"], f"G_{party}": known[client]["signing_secret"]}
        lines += [f"[target.x.credentials.{party}]", f'client_id = "{client}"', f'secret = "env:S_{party}"',
                  f'tenant_id = "{known[client]["tenant_id"]}"', f'provider_id = "{client}"', f'brand_id = "{brand}"',
                  'region = "eu-west"', f'signing_secret = "env:G_{party}"']
    config = folder / "certify.toml"
    config.write_text(CONFIG.format(url=sandbox["platform_url"], credentials="\n".join(lines)))
    run = folder / f"run-{seed}"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "harness.cli.main", "--target", "x", "--config", str(config), "--only",
                    "CONT-03", "--seed", str(seed), "--json", "--out", str(run)], env=environment, check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    phases = {"examples", "coverage", "fuzzing", "stateful"}
    with (run / "journal.jsonl").open() as lines_of:
        cases = sum(json.loads(line).get("label") in phases for line in lines_of)
    return cases / seconds


def _st(sandbox: dict, folder: Path, seed: int) -> float:
    """Generated cases a second of the whole command."""
    provider = next(c for c in sandbox["clients"] if c["client_id"] == "provider-a")
    token = json.loads(subprocess.run(
        ["curl", "-sS", "-u", f"provider-a:{provider['secret']}", "-d", "grant_type=client_credentials",
         sandbox["platform_url"] + "/v1/oauth/token"], capture_output=True, text=True, check=True).stdout)
    document = dict(packs.openapi("1.7"))
    left_out = {o.path for o in operations(document).values() if o.sandbox_only}
    document["paths"] = {p: item for p, item in document["paths"].items() if p not in left_out}
    path = folder / "openapi.json"
    path.write_text(json.dumps(document))
    began = time.perf_counter()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("st")), "run", str(path), "--url", sandbox["platform_url"], "--seed",
         str(seed), "--max-examples", str(EXAMPLES), "--workers", "2", "--continue-on-failure", "--header",
         f"Authorization: Bearer {token['access_token']}", "--header", "X-Brand-Id: brand-a1", "--header",
         "X-Region: eu-west", "--header", "X-Provider-Id: provider-a"], capture_output=True, text=True, check=False,
        cwd=folder)
    seconds = time.perf_counter() - began
    told = re.search(r"(\d[\d,]*) generated", done.stdout)
    if told is None:
        sys.exit(f"st run told no number of cases: {done.stdout[-800:]}{done.stderr[-400:]}")
    return int(told[1].replace(",", "")) / seconds


if __name__ == "__main__":
    main()
