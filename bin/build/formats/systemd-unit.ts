/** The unit of the Debian package: a user of its own, no rights beyond its folder, reload and lame duck by signal. */
export const SYSTEMD_UNIT = `[Unit]
Description=gnatlet, a NATS-compatible broker
After=network-online.target
Wants=network-online.target

[Service]
User=gnatlet
Group=gnatlet
ExecStart=/usr/bin/gnatlet -c /etc/gnatlet/gnatlet.conf
ExecReload=/bin/kill -HUP $MAINPID
# Lame duck mode: clients are sent elsewhere one by one, within two minutes by default.
KillSignal=SIGUSR2
TimeoutStopSec=150
Restart=always
RestartSec=2
LimitNOFILE=800000
StateDirectory=gnatlet
WorkingDirectory=/var/lib/gnatlet

NoNewPrivileges=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
`;
