"""nginx before a web process, as many run it: it keeps answers until its buffers are full, unless told not to."""

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from infra.local.part import Part, listens
from infra.local.reaper import Reaper
from tests.ports import free_ports

_NGINX = Path(sys.executable).parent / "nginx"
_CONF = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {door};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_buffering on;
    }}
  }}
}}
"""


@contextmanager
def before(door: str, folder: Path) -> Iterator[str]:
    """Run it before the server at `door`, with its files in a folder. Yields its address."""
    (port,) = free_ports(1)
    conf = folder / "nginx.conf"
    conf.write_text(_CONF.format(folder=folder, port=port, door=door))
    command = [str(_NGINX), "-p", str(folder), "-c", str(conf), "-e", str(folder / "log")]
    log = folder / "output"
    with closing(Reaper()) as reaper:
        proxy = Part(
            "nginx", command, env=os.environ, folder=folder, log=log, ready=listens, reaper=reaper, port=port
        )
        proxy.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            proxy.ask_to_stop()
            proxy.wait_stopped(5)
