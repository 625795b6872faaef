#!/usr/bin/env python3
"""What workers and their coordinator tell each other comes late, twice, out of order, again much later, or
not at all: a proxy between them does it to whole messages, by seed, and counts what it did. And whatever
strangers throw at the ports of a cluster."""

import strangers
import tcp
import zmtp
from cluster_case import HEADROOM_BYTES, TpchCase, in_background, unittest, until
from takeovers import WORKER_ARGS, attempts

EXCHANGED = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.shuffle.partitions": "6"}
SEED = "seed=7"


class Chaos(TpchCase):
    """Scenario 24."""

    def run_through(self, options, queries, conf=None):
        """Run queries with such a proxy, then one more. The cluster's status, and what the proxy did and how
        many sessions were lost by it."""
        cluster = self.start(workers=3, proxy=[SEED, *options])
        self.check(cluster.sql(self.statements(queries), {**EXCHANGED, **(conf or {})}), queries)
        self.check(cluster.sql(self.statements([6])), [6])
        status = cluster.status()
        for process in [cluster.coordinator, *cluster.workers]:
            self.assertTrue(process.alive, process.name)
        lost = sum(worker.text().count("session_lost") for worker in cluster.workers)
        return status, {**cluster.end_proxy(), "sessions": lost}

    def test_late(self):
        """Every message takes up to 100 ms: nobody is declared dead, nothing runs again."""
        status, did = self.run_through(["delay_ms=100"], (3,))
        self.assertGreater(did["delayed"], 20)
        self.assertEqual(status["workers"]["lost"], 0)
        self.assertEqual(status["tasks"]["rerun"], 0)

    def test_twice_and_again(self):
        """Copies, and old messages, also of other workers and sessions: they change nothing."""
        status, did = self.run_through(["twice=300", "again=300", "delay_ms=3"], (3, 9, 18))
        self.assertGreater(did["twice"], 20)
        self.assertGreater(did["again"], 20)
        self.assertEqual(status["workers"]["lost"], 0)
        self.assertEqual(status["tasks"]["rerun"], 0)
        self.assertEqual(status["tasks"]["failed"], 0)
        self.assertEqual(did["sessions"], 0)

    def test_out_of_order(self):
        """The end that misses a message begins a new session, in which both compare what they have."""
        _, did = self.run_through(["swapped=30"], (1, 3, 9, 18))
        self.assertGreater(did["swapped"], 0)
        self.assertGreater(did["sessions"], 0)

    def test_dropped(self):
        _, did = self.run_through(["dropped=20"], (1, 3, 9, 18))
        self.assertGreater(did["dropped"], 0)
        self.assertGreater(did["sessions"], 0)

    def test_coordinator_killed(self):
        """The next one hears copies of what was said to the one before: each task runs once."""
        options = [SEED, "twice=300", "again=300", "delay_ms=3"]
        cluster = self.start(workers=3, proxy=options, worker_args=WORKER_ARGS)
        conf = {**EXCHANGED, "weft.test.taskDelay": "150ms"}
        future = in_background(cluster.sql, self.statements([9]), conf)
        until(lambda: cluster.tasks_done() >= 4, "finished tasks")
        before = cluster.status()["epoch"]
        cluster.coordinator.kill()
        cluster.start_coordinator()
        self.check(future.result(), [9])
        found = attempts(cluster.workers)
        self.assertTrue([a for a in found if a.epoch > before and a.event == "begins"], "the fault")
        begun = [attempt.task for attempt in found if attempt.event == "begins"]
        self.assertEqual(len(begun), len(set(begun)))
        did = cluster.end_proxy()
        self.assertGreater(min(did["twice"], did["again"]), 20)

    def test_all_at_once(self):
        options = ["delay_ms=5", "twice=50", "swapped=10", "again=50", "dropped=5"]
        _, did = self.run_through(options, (4, 9, 12, 18, 21))
        for name in ("delayed", "twice", "again"):
            self.assertGreater(did[name], 0, name)
        self.assertGreater(did["swapped"] + did["dropped"], 0)


class Strangers(TpchCase):
    """Malformed, truncated, oversized and replayed messages end no process, and the next query is right."""

    SEED = 11
    CONNECTIONS = 300  # to each port
    RESIDENT_BYTES = 2 * HEADROOM_BYTES  # more than any process has after that

    def test_all_ports(self):
        cluster = self.start(workers=2)
        control = zmtp.Recorder(cluster.port)
        self.addCleanup(control.close)
        cluster.master = f"weft://127.0.0.1:{control.port}"
        blocks = zmtp.Recorder(None)
        self.addCleanup(blocks.close)
        worker = cluster.start_worker(args=["--advertise", f"127.0.0.1:{blocks.port}"])
        blocks.target = tcp.listening_port(worker.pid)
        queries = (3, 18)
        self.check(cluster.sql(self.statements(queries), EXCHANGED, ["--master", cluster.master]), queries)

        said = [parts for parts in control.messages() if parts[0]]
        asked = [parts for parts in blocks.messages() if parts[0]]
        self.assertGreater(len(said), 10)
        self.assertGreater(len(asked), 3)
        thrown = strangers.throw_at_zmq(cluster.port, self.SEED, said, self.CONNECTIONS)
        thrown += strangers.throw_at_zmq(blocks.target, self.SEED + 1, asked, self.CONNECTIONS)
        thrown += strangers.throw_at_zmq(cluster.port, self.SEED + 2, asked, 20)
        self.assertGreater(thrown, self.CONNECTIONS)
        strangers.throw_at_http(cluster.webui_port, self.SEED, self.CONNECTIONS)

        mine = {cluster.uuid_of(process) for process in cluster.workers}
        until(lambda: {w["uuid"] for w in cluster.alive_workers()} == mine, "just the own workers")
        for process in [cluster.coordinator, *cluster.workers]:
            self.assertTrue(process.alive, process.name)
            self.assertLess(process.resident_bytes(), self.RESIDENT_BYTES, process.name)
        self.assertGreater(cluster.coordinator.text().count("connection_dropped"), 50)
        self.check(cluster.sql(self.statements(queries), EXCHANGED), queries)


if __name__ == "__main__":
    unittest.main(verbosity=2)
