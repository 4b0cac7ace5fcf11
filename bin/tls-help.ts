/** What `--help_tls` prints. */
export const TLS_HELP = `
TLS for clients stands in the block "tls" of the configuration file:

    tls {
      cert_file: "./server-cert.pem"
      key_file:  "./server-key.pem"
      ca_file:   "./ca.pem"           # vouches for the certificates of clients
      verify:    true                 # clients must have one
      timeout:   2
    }

The flags --tlscert, --tlskey, --tlscacert and --tlsverify take the place of the whole block.
Certificates for trying things out:

    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \\
      -addext subjectAltName=DNS:localhost -keyout server-key.pem -out server-cert.pem
`;
