"""scripts/install-packages, with stand-ins for the commands it calls. What it really installs, `make run` shows."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LIST = """# a comment
run   postgresql-15  15.19  why
run   libpq-dev      15.19  why

test  chromium       -      why
"""


class Machine:
    """A machine on which the commands of Debian do what a test says, and write down what they were asked."""

    def __init__(self, folder):
        self.folder = folder
        self.installed, self.candidates, self.clusters, self.upgrades = {}, {}, "", ""
        self.user, self.sudo = "0", False
        (folder / "bin").mkdir()
        (folder / "scripts").mkdir()
        shutil.copy(ROOT / "scripts/install-packages", folder / "scripts")
        (folder / "debian-packages.txt").write_text(LIST)
        self.log = folder / "log"
        self.log.write_text("")

    def command(self, name, script):
        path = self.folder / "bin" / name
        path.write_text("#!/bin/bash\n" + script)
        path.chmod(0o755)

    def run(self, *groups):
        answers = lambda table, form: "case $last in " + " ".join(
            f"{name}) echo '{form % version}';;" for name, version in table.items()) + " *) exit 1;; esac\n"
        self.command("dpkg-query", "last=${@: -1}\n" + answers(self.installed, "installed %s"))
        self.command("apt-cache", "last=${@: -1}\n" + answers(self.candidates, "  Candidate: %s"))
        self.command("id", f"echo {self.user}")
        self.command("sudo", f'{"" if self.sudo else "exit 1"}\necho sudo >> {self.log}; shift; exec "$@"')
        self.command("pg_lsclusters", f"printf '{self.clusters}'")
        self.command("apt-get", f"case \" $* \" in *simulate*) printf '{self.upgrades}';; "
                                f"*) echo \"apt-get $*\" >> {self.log};; esac")
        environment = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "CAREKEEP_ETC": f"{self.folder}/etc"}
        return subprocess.run([self.folder / "scripts/install-packages", *groups], env=environment,
                              capture_output=True, text=True, timeout=30)

    @property
    def calls(self):
        return self.log.read_text()

    @property
    def drop_in(self):
        return self.folder / "etc/postgresql-common/createcluster.d/carekeep.conf"


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    machine.candidates = {"postgresql-15": "15.20-0+deb12u1", "libpq-dev": "15.20-0+deb12u1", "chromium": "156"}
    return machine


def test_nothing_is_done_when_everything_is_there(machine):
    machine.installed = dict(machine.candidates)
    run = machine.run("run", "test")
    assert (run.returncode, run.stdout, run.stderr, machine.calls) == (0, "", "", "")
    assert not machine.drop_in.exists()


def test_only_what_is_missing_or_too_old_is_installed(machine):
    machine.installed = {"postgresql-15": "15.18-0+deb12u1", "libpq-dev": "15.20-0+deb12u1"}
    assert machine.run("run", "test").returncode == 0
    assert machine.calls.count("apt-get") == 1
    assert machine.calls.rstrip().endswith(" postgresql-15 chromium")


def test_other_groups_are_left_alone(machine):
    machine.installed = {"postgresql-15": "15.20", "libpq-dev": "15.20"}
    assert machine.run("run").returncode == 0 and machine.calls == ""


def test_postgresql_is_told_not_to_start_a_cluster_before_it_is_installed(machine):
    machine.run("run")
    assert machine.drop_in.read_text() == "create_main_cluster = false\n"


def test_a_changed_createcluster_conf_is_made_to_read_the_file(machine):
    main = machine.folder / "etc/postgresql-common/createcluster.conf"
    main.parent.mkdir(parents=True)
    main.write_text("create_main_cluster = true\n")
    machine.run("run")
    assert main.read_text().endswith(f"include_dir '{machine.drop_in.parent}'\n")


def test_stale_lists_are_brought_up_to_date_and_then_believed(machine):
    machine.candidates["libpq-dev"] = "15.18"
    run = machine.run("run")
    assert run.returncode == 1 and "    libpq-dev 15.19\n" in run.stderr
    assert "update" in machine.calls and "install" not in machine.calls


def test_without_root_or_sudo_the_exact_command_is_printed(machine):
    machine.user = "1000"
    run = machine.run("run", "test")
    assert run.returncode == 1 and machine.calls == ""
    assert "apt-get install --no-install-recommends postgresql-15 libpq-dev chromium\n" in run.stderr
    assert "create_main_cluster = false" in run.stderr


def test_with_sudo_it_is_done(machine):
    machine.user, machine.sudo = "1000", True
    machine.installed = {"postgresql-15": "15.20"}
    assert machine.run("run").returncode == 0
    assert "sudo" in machine.calls and machine.calls.rstrip().endswith(" libpq-dev")


@pytest.mark.parametrize("upgrades", ["Inst postgresql-15 [15.18] (15.20 Debian)\\n",
                                      "Inst postgresql-common [248] (249 Debian)\\n"])
def test_a_running_cluster_is_not_restarted(machine, upgrades):
    machine.clusters = "15 main 5432 online postgres /var/lib/postgresql/15/main log\\n"
    machine.upgrades = upgrades
    run = machine.run("run")
    assert run.returncode == 1 and machine.calls == ""
    assert "15/main" in run.stderr and "apt-get install" in run.stderr


@pytest.mark.parametrize("clusters, upgrades", [
    ("15 main 5432 down postgres /data log\\n", "Inst postgresql-15 [15.18] (15.20)\\n"),
    ("13 main 5432 online postgres /data log\\n", "Inst postgresql-15 (15.20)\\n"),
    ("13 main 5432 online postgres /data log\\n", "Inst postgresql-15 [15.18] (15.20)\\n"),
])
def test_a_cluster_that_is_not_touched_stops_nothing(machine, clusters, upgrades):
    machine.clusters, machine.upgrades = clusters, upgrades
    assert machine.run("run").returncode == 0 and "install" in machine.calls


def test_a_group_must_be_named(machine):
    assert machine.run().returncode == 2
