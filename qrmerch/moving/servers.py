"""What a plain web server needs to answer printed codes: a map from address to page, for nginx and for Apache."""

from collections.abc import Mapping
from typing import Final

NGINX_MAP: Final = "nginx/qrmerch-codes.map"
NGINX: Final = "nginx/qrmerch.conf"
APACHE_MAP: Final = "apache/qrmerch-codes.txt"
APACHE: Final = "apache/qrmerch.conf"


def nginx_map(pages: Mapping[str, str]) -> str:
    """Lines for nginx's `map`: what a request asks for, and the page that answers; nginx ignores the case."""
    return "".join(f"{asked} {page};\n" for asked, page in pages.items())


def nginx_conf(hosts: list[str], *, entries: int) -> str:
    """A server that answers every printed address from the files beside it."""
    size = 1 << max(11, (2 * entries).bit_length())
    return f"""# Put this file and qrmerch-codes.map into a folder that nginx includes within http, and the folder
# `pages` of this export to /srv/qrmerch/pages. Certificates are yours to add.
map_hash_max_size {size};
map_hash_bucket_size 128;
# A GS1 address leads where its number does, whatever batch or piece it names.
map $uri $qrmerch_asked {{
    default $uri;
    "~^(?<qrmerch_number>/01/[0-9]{{14}}|/414/[0-9]{{13}})/" $qrmerch_number;
}}
map $qrmerch_asked $qrmerch_page {{
    default "";
    include qrmerch-codes.map;
}}
server {{
    listen 80;
    server_name {" ".join(hosts) or "_"};
    root /srv/qrmerch;
    location /pages/ {{ add_header Cache-Control "no-cache"; }}
    location / {{
        if ($qrmerch_page) {{ return 302 $qrmerch_page; }}
        return 302 /pages/unknown.html;
    }}
}}
"""


def apache_map(pages: Mapping[str, str]) -> str:
    """Lines for a RewriteMap of kind `txt`; Apache looks addresses up in capitals."""
    return "".join(f"{asked.upper()} {page}\n" for asked, page in pages.items())


def apache_conf(hosts: list[str]) -> str:
    """A virtual host that answers every printed address from the files beside it."""
    names = [f"    ServerName {hosts[0]}"] if hosts else []
    names += [f"    ServerAlias {' '.join(hosts[1:])}"] if len(hosts) > 1 else []
    said = "\n".join(names)
    return f"""# Needs mod_rewrite. A RewriteMap may stand in the server's configuration only, not in .htaccess.
# Put qrmerch-codes.txt to /srv/qrmerch, and the folder `pages` of this export to /srv/qrmerch/pages.
<VirtualHost *:80>
{said}
    DocumentRoot /srv/qrmerch
    RewriteEngine On
    RewriteMap qrmerch txt:/srv/qrmerch/qrmerch-codes.txt
    RewriteMap capitals int:toupper
    RewriteRule ^/pages/ - [L]
    # A GS1 address leads where its number does, whatever batch or piece it names.
    AllowEncodedSlashes NoDecode
    RewriteRule ^(/01/[0-9]{{14}}|/414/[0-9]{{13}})/ $1
    RewriteRule ^(/.*)$ ${{qrmerch:${{capitals:$1}}|/pages/unknown.html}} [R=302,L]
    <Directory /srv/qrmerch/pages>
        Require all granted
    </Directory>
</VirtualHost>
"""
