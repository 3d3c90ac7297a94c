#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench.py PROGRAM PROBE: what the program costs, beside nginx and curl.

One run on one machine, all of it on free ports of loopback, ended by itself in
about three minutes. Rivals are measured in turn with the program, round by
round, and the middle of the rounds is printed: the ratios hold on another
machine, the figures do not. nginx runs as Debian configures it, a worker for
each core, with its log off; the program has one loop thread, and logs errors.
"""
import hashlib
import hmac
import http.client
import http.server
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "e2e"))
import world as e2e  # noqa: E402  pylint: disable=wrong-import-position

ROUNDS = 3
STARTS = 15
IDLE_N = 10000
CALLS = 200
KNOWN_NS = 3000
HEADERS = {"Content-Type": "application/json",
           "Accept": "application/json, text/event-stream",
           "MCP-Protocol-Version": "2025-11-25"}
NGINX = """
worker_processes {workers};
worker_rlimit_nofile 16384;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  upstream endpoint {{ server 127.0.0.1:{endpoint}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{plain};
    default_type text/plain;
    set $body "{body}";
    location / {{ return 200 $body; }}
    location = /list {{ return 200 $body$body$body$body$body; }}
  }}
  server {{
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {crt};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2;
    ssl_session_cache shared:s:10m;
    ssl_session_tickets off;
    location = / {{ return 200 "ok"; }}
  }}
  server {{
    listen 127.0.0.1:{front} ssl;
    ssl_certificate {crt};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2;
    location / {{
      proxy_pass http://endpoint;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
      proxy_buffers 64 16k;
    }}
  }}
}}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def message(method, **params):
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": params})


def wait_open(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit(f"bench: nothing listens on port {port}")


def family(pid):
    """A process and its children."""
    path = f"/proc/{pid}/task/{pid}/children"
    with open(path, encoding="ascii") as f:
        return [pid, *(int(child) for child in f.read().split())]


def cpu_s(pid):
    """Seconds of processor that a family of processes has used."""
    ticks = 0
    for one in family(pid):
        with open(f"/proc/{one}/stat", encoding="utf-8") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def rss_kb(pid):
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/status", encoding="utf-8") as f:
            total += int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
    return total


def output(*words, stdin=""):
    done = subprocess.run([str(w) for w in words], input=stdin, text=True,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {words[0]} {words[1]}: "
                         f"{done.stderr or done.stdout}")
    return done.stdout


class Bench:
    """The processes that are measured, and the files they need."""

    def __init__(self, program, probe):
        self.probe = probe
        self.world = e2e.World(program)
        self.folder = self.world.folder
        crt, key = self.world.certificates.leaf("bench", "localhost")
        self.ports = {name: free_port() for name in ("plain", "tls", "front")}
        self.nginx = self._nginx(self.ports, crt, key, "auto")
        self.env = {
            **self.world.aws(), "CLOUDWATCH_MCP_LOG_LEVEL": "ERROR",
            # The demo endpoint has no quotas to be kept.
            "CLOUDWATCH_MCP_QUOTA_PERCENT": "0",
            "AWS_ENDPOINT_URL": f"https://localhost:{self.ports['front']}"}
        self.port = free_port()
        self.server = self.world.start(["--port", str(self.port)], self.env)
        wait_open(self.port)
        for port in self.ports.values():
            wait_open(port)

    def _nginx_conf(self, name, **values):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as f:
            f.write(NGINX.format(folder=self.folder, body="x" * 2048,
                                 endpoint=self.world.endpoint_port, **values))
        return path

    def _nginx(self, ports, crt, key, workers):
        self.keys = {"crt": crt, "key": key}
        conf = self._nginx_conf("nginx.conf", workers=workers, **ports,
                                **self.keys)
        process = subprocess.Popen(["/usr/sbin/nginx", "-c", conf, "-e",
                                    self.folder + "/nginx.log"])
        self.world.started.append(process)
        return process

    def close(self):
        self.nginx.terminate()
        self.nginx.wait(10)
        self.world.close()

    # ---- requests a second ----

    def _script(self, name, body):
        path = os.path.join(self.folder, name + ".lua")
        with open(path, "w", encoding="ascii") as f:
            f.write('wrk.method = "POST"\n')
            for key, value in HEADERS.items():
                f.write(f'wrk.headers["{key}"] = "{value}"\n')
            f.write(f"wrk.body = [[{body}]]\n")
        return path

    @staticmethod
    def _wrk(script, url, n, pid):
        before = cpu_s(pid)
        text = output("wrk", "-t1", f"-c{n}", "-d1s", "--latency", "-s",
                      script, url)
        used = cpu_s(pid) - before
        if "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"bench: {url}: {text}")
        units = {"us": 0.001, "ms": 1.0, "s": 1000.0}

        def percentile(which):
            found = re.search(rf"{which}%\s+([\d.]+)(us|ms|s)\b", text)
            return float(found.group(1)) * units[found.group(2)]

        count = int(re.search(r"(\d+) requests in", text).group(1))
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        return rate, percentile(50), percentile(99), used * 1e6 / count

    def throughput(self):
        ours = f"http://127.0.0.1:{self.port}/mcp"
        # An argument out of bounds: the tool is looked up, its arguments are
        # checked, and a result says what is wrong, all on the loop thread.
        local = message("tools/call", name="describe_alarms",
                        arguments={"max_items": 0})
        cases = [
            ("nginx, 2 KB", self._script("nginx", message("ping")),
             f"http://127.0.0.1:{self.ports['plain']}/", self.nginx.pid),
            ("nginx, 10 KB", self._script("large", message("ping")),
             f"http://127.0.0.1:{self.ports['plain']}/list", self.nginx.pid),
            ("ping", self._script("ping", message("ping")), ours,
             self.server.pid),
            ("tools/list", self._script("list", message("tools/list")), ours,
             self.server.pid),
            ("local tools/call", self._script("call", local), ours,
             self.server.pid)]
        print(f"\n{'requests a second':18}{'conn':>5}{'rate':>9}"
              f"{'of nginx':>10}{'p50 ms':>9}{'p99 ms':>9}{'cpu us':>8}")
        for n in (1, 8, 64, 512):
            runs = {case[0]: [] for case in cases}
            for _ in range(ROUNDS):
                for name, script, url, pid in cases:
                    runs[name].append(self._wrk(script, url, n, pid))
            base = statistics.median(r[0] for r in runs[cases[0][0]])
            for name, _, _, _ in cases:
                rate, p50, p99, cpu = (statistics.median(column)
                                       for column in zip(*runs[name]))
                print(f"{name:18}{n:5}{rate:9.0f}{rate / base:10.2f}"
                      f"{p50:9.2f}{p99:9.2f}{cpu:8.1f}")
            sys.stdout.flush()

    # ---- start and memory ----

    def start(self):
        plain, port = free_port(), free_port()
        conf = self._nginx_conf(
            "start.conf", workers="auto", plain=plain, tls=free_port(),
            front=free_port(), **self.keys)
        environment = os.environ.copy()
        environment.update(self.env)
        took = {"program": [], "nginx": []}
        for _ in range(STARTS):
            for name, words in (
                    ("program", [port, self.world.program, "--port", port]),
                    ("nginx", [plain, "/usr/sbin/nginx", "-c", conf])):
                done = subprocess.run(
                    [str(w) for w in (self.probe, "start", *words)],
                    env=environment, text=True, check=True,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                took[name].append(int(done.stdout.split()[-1]) / 1000)
        print("\nstart to first reply, ms, median of "
              f"{STARTS}: {statistics.median(took['program']):.2f}"
              f" (nginx {statistics.median(took['nginx']):.2f})")

    def memory(self):
        port = free_port()
        process = self.world.start(["--port", str(port)], self.env)
        wait_open(port)
        time.sleep(0.3)
        idle = rss_kb(process.pid)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        n = min(IDLE_N, hard - 500)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        body = message("ping").encode()
        head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in HEADERS.items())
        request = (head + f"Content-Length: {len(body)}\r\n\r\n").encode()
        held = []
        for _ in range(n):
            s = socket.create_connection(("127.0.0.1", port))
            s.sendall(request + body)
            if not s.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("bench: an idle connection was refused")
            held.append(s)
        full = rss_kb(process.pid)
        for s in held:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        process.kill()
        print(f"resident memory, KB: idle {idle} (nginx, all processes, "
              f"{rss_kb(self.nginx.pid)}); with {n} connections that were "
              f"answered and stay: {full}")

    # ---- TLS and one call to AWS ----

    def handshakes(self):
        for kind, word in (("full", "-new"), ("resumed", "-reuse")):
            ours, cpu, theirs = [], [], []
            for _ in range(ROUNDS):
                rate, used = output(
                    self.probe, "handshakes", kind, 1, "localhost",
                    self.ports["tls"], self.world.certificates.ca).split()
                ours.append(int(rate))
                cpu.append(int(used))
                text = output(
                    "openssl", "s_time", word, "-time", 1, "-www", "/",
                    "-connect", f"localhost:{self.ports['tls']}", "-CAfile",
                    self.world.certificates.ca)
                count, took = re.findall(
                    r"(\d+) connections in (\d+) real seconds", text)[-1]
                theirs.append(int(count) / max(1, int(took)))
            print(f"TLS handshakes a second, {kind}: "
                  f"{statistics.median(ours):.0f}, "
                  f"{statistics.median(cpu):.0f} us of processor each "
                  f"(openssl s_time {statistics.median(theirs):.0f})")

    def _capture(self):
        """The request to AWS that one tool call becomes."""
        seen = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            """Keeps the request and refuses it."""

            def do_POST(self):  # pylint: disable=invalid-name
                size = int(self.headers["Content-Length"])
                seen["body"] = self.rfile.read(size)
                seen["headers"] = dict(self.headers)
                self.send_response(400)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=signature-differs
                pass

        trap = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=trap.serve_forever, daemon=True).start()
        subprocess.run(
            [self.world.program, "call", "get_active_alarms", "{}"],
            env={**self.env, "AWS_ENDPOINT_URL":
                 f"http://127.0.0.1:{trap.server_port}"},
            capture_output=True, check=False)
        trap.shutdown()
        return seen["headers"], seen["body"]

    def _sign(self, headers, body):
        """Signature version 4, as the program would for this host."""
        key, secret = e2e.READER
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{at[:8]}/eu-central-1/monitoring/aws4_request"
        signed = {"content-type": headers["Content-Type"],
                  "host": f"localhost:{self.ports['front']}",
                  "x-amz-date": at, "x-amz-target": headers["X-Amz-Target"]}
        names = ";".join(signed)
        lines = "".join(f"{k}:{v}\n" for k, v in signed.items())
        request = (f"POST\n/\n\n{lines}\n{names}\n" +
                   hashlib.sha256(body).hexdigest())
        text = (f"AWS4-HMAC-SHA256\n{at}\n{scope}\n" +
                hashlib.sha256(request.encode()).hexdigest())
        step = ("AWS4" + secret).encode()
        for word in (*scope.split("/"), text):
            step = hmac.new(step, word.encode(), hashlib.sha256).digest()
        signed["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={key}/{scope}, "
            f"SignedHeaders={names}, Signature={step.hex()}")
        return signed

    def _curl(self, url, body, headers, *more):
        """Median microseconds of CALLS requests of one curl process."""
        path = os.path.join(self.folder, "request")
        with open(path, "wb") as f:
            f.write(body)
        words = ["curl", "-sS", "--fail", "--http1.1", "--cacert",
                 self.world.certificates.ca, "-X", "POST", "--data-binary",
                 "@" + path, "-w", "%{time_total}\n", *more]
        for name, value in headers.items():
            words += ["-H", f"{name}: {value}"]
        for _ in range(CALLS):
            words += ["-o", "/dev/null", url]
        times = [float(line) for line in output(*words).split()]
        return statistics.median(times) * 1e6

    def aws_call(self, slow_ms):
        """One call on a kept connection: curl, ours, and the whole tool."""
        global CALLS  # pylint: disable=global-statement
        headers, body = self._capture()
        front = f"https://localhost:{self.ports['front']}/"
        count, CALLS = CALLS, (30 if slow_ms else CALLS)
        self.world.faults(f"slow:{slow_ms}" if slow_ms else "")
        plain = {k: headers[k] for k in ("Content-Type", "X-Amz-Target")}
        rows = {"curl": [], "sigv4": [], "client": [], "tool": []}
        for _ in range(ROUNDS):
            signed = self._sign(headers, body)
            text = "POST /\n" + "".join(
                f"{k}: {v}\n" for k, v in signed.items()) + "\n"
            rows["curl"].append(self._curl(front, body, signed))
            rows["sigv4"].append(self._curl(
                front, body, plain, "--aws-sigv4",
                "aws:amz:eu-central-1:monitoring", "--user",
                ":".join(e2e.READER)))
            rows["client"].append(float(output(
                self.probe, "exchanges", CALLS, "localhost",
                self.ports["front"], self.world.certificates.ca,
                stdin=text + body.decode())))
            rows["tool"].append(self._curl(
                f"http://127.0.0.1:{self.port}/mcp",
                message("tools/call", name="get_active_alarms",
                        arguments={}).encode(), HEADERS))
        CALLS = count
        self.world.faults("")
        curl, sigv4, client, tool = (statistics.median(r)
                                     for r in rows.values())
        where = f"endpoint that takes {slow_ms} ms" if slow_ms else \
            "endpoint that answers at once"
        print(f"one DescribeAlarms on a kept TLS connection, {where}, p50 us: "
              f"curl {curl:.0f}, curl --aws-sigv4 {sigv4:.0f}, our client "
              f"{client:.0f} ({(client / curl - 1) * 100:+.1f} %), whole tool "
              f"call through /mcp {tool:.0f} "
              f"({(tool / curl - 1) * 100:+.1f} %)")


    def beside_slow_calls(self):
        """Ping at one connection, alone and while 32 calls wait for AWS."""
        script = self._script("beside", message("ping"))
        url = f"http://127.0.0.1:{self.port}/mcp"
        body = message("tools/call", name="get_active_alarms", arguments={})

        def call():
            connection = http.client.HTTPConnection("127.0.0.1", self.port,
                                                    timeout=30)
            connection.request("POST", "/mcp", body, HEADERS)
            connection.getresponse().read()
            connection.close()

        alone, beside = [], []
        for _ in range(ROUNDS):
            alone.append(self._wrk(script, url, 1, self.server.pid))
            self.world.faults("slow:2000")
            callers = [threading.Thread(target=call) for _ in range(32)]
            for caller in callers:
                caller.start()
            time.sleep(0.4)  # their handshakes are over
            beside.append(self._wrk(script, url, 1, self.server.pid))
            self.world.faults("")
            for caller in callers:
                caller.join()
        for what, runs in (("alone", alone),
                           ("while 32 calls wait for AWS", beside)):
            print(f"ping at one connection, {what}: p50 "
                  f"{statistics.median(r[1] for r in runs):.3f} ms, p99 "
                  f"{statistics.median(r[2] for r in runs):.2f} ms")


    def local_tools(self):
        """All tools that answer without AWS, in turn, one after the other."""
        names = json.loads(output(self.world.program, "call", "--demo",
                                  "search_metric_metadata",
                                  '{"query": "cpu", "max_items": 50}'))
        metrics = [(m["namespace"], m["metric_name"])
                   for m in names["metrics"]]
        metrics.append(("AWS/EC2", "CPUUtilisation"))
        bodies = [message("tools/call", name="get_metric_metadata",
                          arguments={"namespace": n, "metric_name": m})
                  for n, m in metrics]
        bodies += [message("tools/call", name="search_metric_metadata",
                           arguments={"query": q})
                   for q in ("cpu", "queue age", "latency", "thorttle",
                             "memroy utilisaton of conatiners")]
        bodies.append(message("tools/call", name="search_metric_metadata",
                              arguments={}))
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        took = []
        for body in bodies * 20:
            began = time.perf_counter()
            connection.request("POST", "/mcp", body, HEADERS)
            answer = connection.getresponse().read()
            took.append((time.perf_counter() - began) * 1e6)
            assert b'"isError":true' not in answer, answer[:300]
        connection.close()
        took.sort()
        print(f"sweep of the local tools, {len(took)} calls over HTTP one "
              f"after the other: p50 {took[len(took) // 2]:.0f} us, p99 "
              f"{took[len(took) * 99 // 100]:.0f} us, "
              f"{sum(took) / 1e3:.0f} ms in all")

    def inner_loops(self):
        """What the analysis and the metric table take, without a server."""
        for what in ("analysis", "table"):
            print(output(os.path.join(os.path.dirname(self.probe), what)),
                  end="")

    def authentication(self):
        """Tokens and signatures beside OpenSSL, and callers we know."""
        folder = os.path.dirname(self.probe)
        ours, theirs, known = {}, {}, {}
        vectors = output(os.path.join(folder, "auth"), "vectors")

        def note(rows, text):
            for line in text.splitlines():
                name, value = line.split()
                rows.setdefault(name, []).append(float(value))

        for _ in range(ROUNDS):
            note(ours, output(os.path.join(folder, "auth"), "rates", 300))
            note(theirs, output(os.path.join(folder, "openssl", "verify"),
                                300, stdin=vectors))
            note(known, output(os.path.join(folder, "auth"), "recall", 200))
        for name, rates in ours.items():
            rate = statistics.median(rates)
            openssl = statistics.median(theirs[name])
            print(f"{name} verifications a second: {rate:.0f} (OpenSSL, "
                  f"of which less is asked, {openssl:.0f}: "
                  f"{rate / openssl:.2f})")
        for name, times in known.items():
            ns = statistics.median(times)
            print(f"a caller who is known, {name}: {ns / 1000:.2f} us"
                  f"{'' if ns < KNOWN_NS else ', MORE THAN 3'}")

    def large_answers(self):
        """The largest answers there are, each from a fresh server."""
        metric = {"namespace": "AWS/ECS", "metric_name": "CPUUtilization",
                  "statistic": "Average", "period": 60, "dimensions": [
                      {"name": "ClusterName", "value": "shop-prod"},
                      {"name": "ServiceName", "value": "checkout"}]}
        for what, tool, arguments in (
                ("get_metric_data with 100,800 points", "get_metric_data",
                 {"queries": [{"id": f"m{i}", "metric_stat": metric}
                              for i in range(70)],
                  "start_time": "-24h", "end_time": "now"}),
                ("Logs Insights with 10,000 rows",
                 "execute_log_insights_query",
                 {"log_group_names": ["/ecs/shop-prod/checkout"],
                  "start_time": "-14d", "end_time": "now", "limit": 10000,
                  "query_string": "fields @timestamp, @message"})):
            server = e2e.Server(self.world, {
                **self.world.aws(), "CLOUDWATCH_MCP_QUOTA_PERCENT": "0"})
            began = time.perf_counter()
            _, answer = server.request(
                "POST", "/mcp", message("tools/call", name=tool, arguments={
                    **arguments, "max_bytes": 7500000}), HEADERS, timeout=120)
            took_s = time.perf_counter() - began
            result = json.loads(answer)["result"]["structuredContent"]
            rows = len(result.get("results", [])) or sum(
                len(s["datapoints"]) for s in result["metricDataResults"])
            with open(f"/proc/{server.process.pid}/status",
                      encoding="ascii") as f:
                peak_kb = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
            server.stop()
            print(f"{what}: {rows} came, {took_s * 1e3:.0f} ms, answer "
                  f"{len(answer) / 1e6:.1f} MB, peak RSS "
                  f"{peak_kb * 1024 / 1e6:.1f} MB, "
                  f"{peak_kb * 1024 / len(answer):.2f} times the answer")


def main():
    program, probe = (os.path.abspath(path) for path in sys.argv[1:3])
    began = time.monotonic()
    tempfile.tempdir = None
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the "
          f"start; binary {os.path.getsize(program)} bytes; medians of "
          f"{ROUNDS} rounds")
    bench = Bench(program, probe)
    try:
        bench.throughput()
        bench.start()
        bench.memory()
        bench.beside_slow_calls()
        bench.local_tools()
        bench.inner_loops()
        bench.authentication()
        bench.large_answers()
        bench.handshakes()
        bench.aws_call(0)
        bench.aws_call(20)
    finally:
        bench.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end, "
          f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
