#!/bin/sh
# Makes the certificates of the tests anew: an authority that nobody believes by itself, and what it has signed.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: > "$work/index"
cat > "$work/ca.cnf" <<CNF
[ca]
default_ca = tests
[tests]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = leaf
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
CNF
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/authority.key" -out "$work/request" \
    -subj "/CN=tests of certify"
openssl ca -batch -notext -selfsign -config "$work/ca.cnf" -extensions authority -keyfile "$work/authority.key" \
    -startdate 20200101000000Z -enddate 21240101000000Z -in "$work/request" -out authority.pem
signed() {  # NAME FROM UNTIL SAN
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key" -out "$work/request" \
        -subj "/CN=$1" -addext "subjectAltName=$4"
    openssl ca -batch -notext -config "$work/ca.cnf" -cert authority.pem -keyfile "$work/authority.key" \
        -startdate "$2" -enddate "$3" -in "$work/request" -out "$work/signed"
    cat "$work/key" "$work/signed" > "$1.pem"
}
signed server 20240101000000Z 21240101000000Z "DNS:localhost,IP:127.0.0.1,IP:::1"
signed expired 20200101000000Z 20210101000000Z "DNS:localhost,IP:127.0.0.1"
signed elsewhere 20240101000000Z 21240101000000Z "DNS:elsewhere.example"
