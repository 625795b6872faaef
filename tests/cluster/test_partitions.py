"""Coordinators and an ensemble of three ZooKeeper servers on hosts of their own (network namespaces), whose
cables are cut: who leads, and what a client sees of it. Needs root and `ip`; else it is skipped, with the
reason."""

import sys
import unittest

sys.dont_write_bytecode = True
from cluster import in_background, until
from leaders import Leaders
from support import netlab, zookeeper
from takeovers import WORKER_ARGS, attempts, ran_again, running
from test_leaders import LeadersCase, when

SERVERS = (1, 2, 3)  # hosts; coordinators are on the first two, worker and client on the last
HOSTS = 4
LONG = [
    "SET weft.test.taskDelay = 2s",
    "SET spark.sql.shuffle.partitions = 3",
    "SELECT x, count(*) FROM VALUES (1), (2), (3) AS t(x) GROUP BY x ORDER BY x",
]


class Partitions(LeadersCase):
    def start_lab(self, timeout):
        lab = netlab.Netlab(hosts=HOSTS)
        lab.__enter__()
        self.addCleanup(lab.close)  # runs after the cluster's: cleanups go backwards
        cluster = Leaders(workers=1, servers=3, timeout=timeout, worker_args=WORKER_ARGS, lab=lab)
        self.addCleanup(self._close, cluster)
        cluster.start()
        return lab, cluster

    def long_query(self, cluster):
        """One that runs, in the background."""
        client = in_background(cluster.sql, LONG, timeout=180)
        until(lambda: client.done() or running(cluster.workers[0]), "attempt that runs")
        return client

    def check_long(self, client):
        called = client.result()
        self.assertEqual(called.code, 0, called.stderr)
        self.assertNotIn("rror", called.stderr)
        self.assertEqual(called.rows[-1][1:], [["1", "1"], ["2", "1"], ["3", "1"]])

    def test_the_leaders_host_is_cut_off(self):
        """It steps down by itself before another leads, and its job goes on there."""
        lab, cluster = self.start_lab("2s")
        leader = cluster.leader()
        other = 1 - leader
        client = self.long_query(cluster)
        lab.cut(leader + 1)
        cluster.until_leads({other})
        cluster.until_state(leader, "STANDBY")
        self.check_long(client)
        self.assertTrue(when(cluster.coordinators[leader], "leadership_suspended"), "the fault")
        stepped = when(cluster.coordinators[leader], "leadership_ended")[-1]
        self.assertLess(stepped, when(cluster.coordinators[other], "leads")[-1])
        found = attempts(cluster.workers)
        self.assertEqual(ran_again(found), [])
        self.assertEqual(len({attempt.epoch for attempt in found}), 2)
        lab.heal(leader + 1)
        until(lambda: cluster.state(leader).get("leader_url"), "leader that it follows again")
        self.answers(cluster)

    def test_one_server_is_parted_from_the_others(self):
        """The two that are left are a quorum: the leader leads on in its session, with one of them."""
        lab, cluster = self.start_lab("20s")
        leader = cluster.leader()
        epoch = cluster.state(leader)["epoch"]
        client = self.long_query(cluster)
        # the one on the leader's host: with it the leader cannot stay
        for host in set(SERVERS) - {leader + 1}:
            lab.block(leader + 1, host)
        until(lambda: "state=CONNECTING" in cluster.coordinators[leader].text(), "the fault")
        lab.unblock()
        self.check_long(client)
        cluster.until_state(leader, "ALIVE")
        self.assertEqual(cluster.state(leader)["epoch"], epoch)
        self.assertFalse(when(cluster.coordinators[leader], "leadership_ended"))
        self.assertEqual(ran_again(attempts(cluster.workers)), [])

    def test_no_two_servers_hear_each_other(self):
        """No quorum: nothing new is taken and nobody else leads; then the job ends as if nothing had been."""
        lab, cluster = self.start_lab("60s")  # a server that has lost the others takes 20 s to notice
        leader = cluster.leader()
        epoch = cluster.state(leader)["epoch"]
        client = self.long_query(cluster)
        for source in SERVERS:
            for target in set(SERVERS) - {source}:
                lab.block(source, target)
        cluster.until_state(leader, "SUSPENDED")
        called = cluster.sql(["SELECT 1"], "weft://" + cluster.address(leader))
        self.assertIn("NO_QUORUM", called.stderr)
        self.assertEqual(cluster.state(1 - leader)["status"], "STANDBY")
        lab.unblock()
        again = cluster.until_leads({0, 1})  # the same one when the servers agree before its lease ends
        self.check_long(client)
        self.assertGreaterEqual(cluster.state(again)["epoch"], epoch)
        self.assertEqual(ran_again(attempts(cluster.workers)), [])
        self.answers(cluster)


if __name__ == "__main__":
    reason = netlab.why_not()
    if zookeeper.missing() is not None:
        reason = f"{zookeeper.missing()} is not installed"
    if reason is not None:
        print(f"skipped: {reason}")
        sys.exit(zookeeper.SKIPPED)
    unittest.main()
