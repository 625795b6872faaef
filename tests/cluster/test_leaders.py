"""Who leads: coordinators with real ZooKeeper servers that are killed, stopped, cut off and come back."""

import re
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from cluster import PATIENCE_S, WEFT, until
from leaders import Leaders
from support import cuts, zookeeper

ONE = "SELECT count(*) FROM VALUES (1), (2), (3) AS t(x)"


def when(process, event):
    """Moments of an event in a log, as text that sorts."""
    return re.findall(rf"^(\S+) \w+ {event}\b", process.text(), re.MULTILINE)


class LeadersCase(unittest.TestCase):
    def start(self, **options):
        cluster = Leaders(**options)
        self.addCleanup(self._close, cluster)
        cluster.start()
        return cluster

    def _close(self, cluster):
        result = self._outcome.result
        cluster.close(failed=any(case is self for case, _ in [*result.failures, *result.errors]))

    def answers(self, cluster, url=None):
        called = cluster.sql([ONE], url)
        self.assertEqual(called.code, 0, called.message)
        self.assertEqual(called.rows[0][-1], ["3"])


class OneLeads(LeadersCase):
    def test_the_other_stands_by_and_passes_on(self):
        cluster = self.start()
        leader = cluster.leader()
        standby = 1 - leader
        cluster.until_state(leader, "ALIVE")  # RECOVERING is over
        cluster.until_state(standby, "STANDBY")
        until(lambda: cluster.state(standby)["leader_http"], "leader that the standby knows")
        first, second = cluster.state(leader), cluster.state(standby)
        self.assertEqual((first["status"], second["status"]), ("ALIVE", "STANDBY"))
        self.assertEqual((first["leader"], second["leader"]), (True, False))
        self.assertEqual(first["epoch"], second["epoch"])
        self.assertEqual(second["leader_url"], "weft://" + cluster.address(leader))
        self.assertEqual(second["recovery"], "zookeeper")
        self.assertEqual(cluster.ask(standby, "/healthz")[0], 200)
        self.assertIn('"state":"STANDBY"', cluster.ask(standby, "/readyz")[1])
        self.assertIn("weft_leader 0", cluster.ask(standby, "/metrics")[1])
        self.assertIn("stands by", cluster.ask(standby, "/")[1])
        status, _, headers = cluster.ask(standby, "/api/v1/jobs?limit=3")
        self.assertEqual(status, 307)
        page = f"http://127.0.0.1:{cluster.ports[leader][1]}"
        self.assertEqual(headers["Location"], page + "/api/v1/jobs?limit=3")

        # a worker and a client that know the standby alone
        cluster.start_worker("weft://" + cluster.address(standby))
        self.answers(cluster, "weft://" + cluster.address(standby))
        self.answers(cluster)
        self.assertRegex(
            cluster.ask(standby, "/metrics")[1], r"(?m)^weft_standby_relayed_connections [1-9]", "the fault"
        )

    def test_what_it_refuses_at_its_start(self):
        for words, said in (
            (["--zookeeper", "127.0.0.1:1"], ("--zookeeper needs --keys", "weft keys init")),
            (["--conf", "spark.deploy.zookeeper.url=127.0.0.1:1"], ("--zookeeper needs --keys",)),
            (["--conf", "spark.deploy.recoveryMode=ZOOKEEPER"], ("--zookeeper HOST:PORT",)),
            (["--recovery", "file"], ("names no folder", "--work-dir")),
            (["--recovery", "magic"], ("none of zookeeper, file:DIR and none",)),
        ):
            command = [WEFT, "coordinator", "--port", "0", "--webui-port", "0", *words]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            self.assertNotEqual(done.returncode, 0, words)
            for text in said:
                self.assertIn(text, done.stderr, words)

    def test_five_in_a_row(self):
        cluster = self.start(workers=1)
        epochs = []
        for _ in range(5):
            leader = cluster.leader()
            epochs.append(cluster.state(leader)["epoch"])
            cluster.coordinators[leader].kill()
            cluster.until_leads({1 - leader})
            cluster.start_coordinator(leader)
            cluster.until_state(leader, "STANDBY")
        epochs.append(cluster.state(cluster.leader())["epoch"])
        self.assertEqual(epochs, sorted(set(epochs)))
        self.assertEqual(len(epochs), 6)
        self.answers(cluster)

    def test_one_that_ends_gives_the_place_at_once(self):
        cluster = self.start(timeout="30s")
        leader = cluster.leader()
        self.assertEqual(cluster.coordinators[leader].end(), 0)
        cluster.until_leads({1 - leader})  # long before its session would have ended
        ended = when(cluster.coordinators[leader], "ends")[-1]
        led = when(cluster.coordinators[1 - leader], "leads")[-1]
        self.assertLess(ended, led)


class Clients(LeadersCase):
    def runs(self, cluster):
        """Does the leader run a job?"""
        return '"RUNNING"' in cluster.ask(cluster.leader(), "/api/v1/jobs")[1]

    def test_statements_go_on_with_the_next_leader(self):
        """One client, its views and its statements, while leaders are killed one after the other."""
        cluster = self.start(workers=2)
        statements = ["CREATE TEMP VIEW v AS SELECT * FROM VALUES (1), (2), (3) AS t(x)"]
        statements += [f"SELECT {n} AS n, count(*) FROM v a, v b" for n in range(3)]
        client = cluster.client("; ".join(statements), conf={"weft.test.taskDelay": "500ms"})
        for _ in range(2):
            leader = cluster.leader()
            until(lambda: self.runs(cluster), "job that runs")
            cluster.coordinators[leader].kill()
            cluster.until_leads({1 - leader})
            cluster.start_coordinator(leader)
            cluster.until_state(leader, "STANDBY")
        self.assertEqual(client.child.wait(PATIENCE_S), 0, client.text())
        found = re.findall(r"\|(\d)\| +(\d)\|", client.text())
        self.assertEqual(found, [(str(n), "9") for n in range(3)])


class Hurt(LeadersCase):
    def test_a_leader_that_was_stopped_is_none_any_more(self):
        cluster = self.start(workers=1)
        leader = cluster.leader()
        old = cluster.state(leader)["epoch"]
        cluster.coordinators[leader].pause()
        cluster.until_leads({1 - leader})
        until(lambda: len(when(cluster.workers[0], "registered")) > 1, "worker at the new leader")
        cluster.coordinators[leader].resume()
        cluster.until_state(leader, "STANDBY")
        self.assertTrue(when(cluster.coordinators[leader], "leadership_ended"))
        self.assertGreater(cluster.state(1 - leader)["epoch"], old)
        until(lambda: cluster.state(leader)["leader_url"], "leader that the deposed one follows")
        self.answers(cluster, "weft://" + cluster.address(leader))
        # and it may lead again
        cluster.coordinators[1 - leader].kill()
        cluster.until_leads({leader})
        self.answers(cluster)


class Cut(LeadersCase):
    def test_who_loses_zookeeper_alone_steps_down_first(self):
        self.lose_zookeeper(lambda way: way.refuse())

    def test_who_hears_nothing_of_zookeeper_steps_down_first(self):
        """No connection breaks: only the lease tells."""
        self.lose_zookeeper(lambda way: way.drop())

    def lose_zookeeper(self, strike):
        cluster = Leaders(timeout="2s")
        self.addCleanup(self._close, cluster)
        with cuts.Forwarder(cluster.zookeeper.ports[0]) as way:
            cluster.ways[0] = f"127.0.0.1:{way.port}"
            cluster.start()
            if cluster.leader() != 0:
                cluster.coordinators[1].kill()
                cluster.until_leads({0})
                cluster.start_coordinator(1)
                cluster.until_state(1, "STANDBY")
            strike(way)
            cluster.until_leads({1})
            cluster.until_state(0, "STANDBY")
            self.assertTrue(when(cluster.coordinators[0], "leadership_suspended"), "the fault")
            way.drops = way.refuses = False
            until(lambda: cluster.state(0)["leader_url"], "leader that the deposed one follows")
            stepped = when(cluster.coordinators[0], "leadership_ended")[-1]
            led = when(cluster.coordinators[1], "leads")[-1]
            self.assertLess(stepped, led)


class ZookeeperGone(LeadersCase):
    def test_a_leader_waits_for_it_and_goes_on(self):
        """Within the lease: nothing new is taken, nobody else leads, and then the same leader goes on."""
        cluster = self.start(workers=1, timeout="40s")
        leader = cluster.leader()
        epoch = cluster.state(leader)["epoch"]
        cluster.zookeeper.kill()
        cluster.until_state(leader, "SUSPENDED")
        called = cluster.sql([ONE], "weft://" + cluster.address(leader))
        self.assertIn("NO_QUORUM", called.stderr)
        self.assertEqual(cluster.state(1 - leader)["status"], "STANDBY")
        cluster.zookeeper.start()
        cluster.until_state(leader, "ALIVE")
        self.assertEqual(cluster.state(leader)["epoch"], epoch)
        self.assertFalse(when(cluster.coordinators[leader], "leadership_ended"))
        self.answers(cluster)


class ZookeeperAway(LeadersCase):
    def test_nobody_leads_without_it(self):
        cluster = self.start()
        leader = cluster.leader()
        epoch = cluster.state(leader)["epoch"]
        cluster.zookeeper.kill()
        cluster.until_state(leader, "STANDBY")
        end = time.monotonic() + 1
        while time.monotonic() < end:
            self.assertIsNone(cluster.leader())
        self.assertIn("ZooKeeper", cluster.state(leader)["problem"])
        cluster.zookeeper.start()
        again = cluster.until_leads({0, 1})
        self.assertGreater(cluster.state(again)["epoch"], epoch)


class ZookeeperRolls(LeadersCase):
    def test_three_servers_restarted_one_by_one(self):
        cluster = self.start(servers=3, timeout="20s")
        leader = cluster.leader()
        epoch = cluster.state(leader)["epoch"]
        for index in range(3):
            cluster.zookeeper.kill(index)
            cluster.zookeeper.start(index)
        cluster.until_state(leader, "ALIVE")
        self.assertEqual(cluster.state(leader)["epoch"], epoch)
        for coordinator in cluster.coordinators:
            self.assertFalse(when(coordinator, "leadership_ended"))
        self.assertTrue(
            any("state=CONNECTING" in coordinator.text() for coordinator in cluster.coordinators), "the fault"
        )


if __name__ == "__main__":
    if zookeeper.missing() is not None:
        print(f"skipped: {zookeeper.missing()} is not installed")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
