"""What a small call into a worker costs, against a unary gRPC call to another process over a unix socket."""

import statistics
import subprocess
import sys
import time

import pytest

from plugdeck.catalogue.examine import examine
from plugdeck.hosting.supervisor import Supervisor

SOURCE = """
#include "plugdeck.h"
PD_PLUGIN("greeter", "1.0.0", "test", "MIT", "Greets.")
PD_FUNCTION(const char *, Greet, (const char *))
const char *Greet(const char *name) { return name; }
"""
# What a plugin over gRPC is at its smallest: no messages to parse, one thread to answer.
SERVER = """
import sys
from concurrent import futures
import grpc

class Greeter(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)

server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), handlers=(Greeter(),))
server.add_insecure_port(f"unix:{sys.argv[1]}")
server.start()
print("ready", flush=True)
sys.stdin.read()
server.stop(None)
"""
LIMIT_US = 60
BLOCKS = 9
CALLS = 600


def microseconds(work):
    times = []
    for _ in range(CALLS):
        start = time.perf_counter_ns()
        work()
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e3


@pytest.fixture
def grpc_call(tmp_path_factory):
    grpc = pytest.importorskip("grpc", reason="the peer of this benchmark: pip install grpcio")
    path = tmp_path_factory.mktemp("g") / "s"
    command = [sys.executable, "-c", SERVER, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "ready\n"
        with grpc.insecure_channel(f"unix:{path}") as channel:
            method = channel.unary_unary("/Greeter/Greet")
            yield lambda: method(b"Ada", timeout=5)
        server.stdin.close()
        server.wait(20)


def test_a_small_call_into_a_worker_is_several_times_faster_than_grpc(build_plugin, grpc_call, benchmark, capsys):
    path = build_plugin(SOURCE)
    with Supervisor() as supervisor:
        greeter = supervisor.host(path, examine(path).manifest)
        greeter.start()

        def ours():
            return greeter.call("Greet", "Ada")

        assert (ours(), grpc_call()) == ("Ada", b"Ada")
        pairs = [(microseconds(ours), microseconds(grpc_call)) for _ in range(BLOCKS)]
        benchmark(ours)
    own, peer = (statistics.median(column) for column in zip(*pairs, strict=True))
    benchmark.extra_info["ratio"] = own / peer
    with capsys.disabled():
        print(
            f"\na small call: in a worker {own:.0f} µs (at most {LIMIT_US}), gRPC {peer:.0f} µs, ratio {own / peer:.2f}"
        )
    assert own <= LIMIT_US
