"""Passwords of registries, proxies and indexes are nowhere but where they are kept and used.

One workspace does everything that has to do with them: it pulls from a registry that wants a user,
installs from an index that wants another behind a proxy that wants a third, from the SDK, the
command line and the API, well and with failures. Then everything that can be read is looked at.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

import docker
import pytest
from fault_builders import Place, answer
from registries import PASSWORD, USER, Registry, a_client, forget, registry  # noqa: F401
from wheels import a_wheel

from jupyter_mltrain import Environment, Experiment, ScriptRunConfig, workspaces
from jupyter_mltrain.core.run import Run
from jupyter_mltrain.errors import MltrainError
from jupyter_mltrain.spec import BUILD_LOG, DRIVER_LOG, BuildState

pytestmark = pytest.mark.slow

WRONG = "pl4nted-wrong"
PROXY_LOGIN = "through:pl4nted-proxy"
INDEX_LOGIN = "reader:pl4nted-index"

SECRETS = tuple(
    form.encode()
    for login in (f"{USER}:{PASSWORD}", f"{USER}:{WRONG}", PROXY_LOGIN, INDEX_LOGIN)
    for form in (
        login.partition(":")[2],
        quote(login.partition(":")[2]),
        base64.b64encode(login.encode()).decode().rstrip("="),
        base64.b64encode(login.partition(":")[2].encode()).decode().rstrip("="),
    )
)

NAMES = ("team/by-sdk:1", "team/by-cli:1", "team/by-api:1", "team/refused:1")

SHOWS = """\
import glob, os
print(sorted(os.environ.items()))
for place in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        print(place, open(place, "rb").read())
    except OSError as error:
        print(place, error.strerror)
print("had what it needs:", __import__("lorem").version)
"""


def found_in(data: bytes | bytearray) -> list[bytes]:
    return [secret for secret in SECRETS if secret in data]


class Proxy(BaseHTTPRequestHandler):
    """A proxy behind which there is one index; both want a user."""

    wheel: Path
    asked: list[str]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if not self._is(PROXY_LOGIN, "Proxy-Authorization"):
            self._answer(407, b"", "Proxy-Authenticate")
        elif not self._is(INDEX_LOGIN, "Authorization"):
            self._answer(401, b"", "WWW-Authenticate")
        elif path == "/simple/lorem/":
            self.asked.append(self.path)
            self._answer(200, f"<a href='/{self.wheel.name}'>{self.wheel.name}</a>".encode())
        elif path == f"/{self.wheel.name}":
            self._answer(200, self.wheel.read_bytes())
        else:
            self._answer(404, b"")

    do_HEAD = do_GET

    def _is(self, login: str, header: str) -> bool:
        encoded = base64.b64encode(login.encode()).decode()
        return self.headers.get(header) == f"Basic {encoded}"

    def _answer(self, status: int, body: bytes, wants: str | None = None) -> None:
        self.send_response(status)
        if wants:
            self.send_header(wants, "Basic")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command == "GET" else b"")

    def log_message(self, *args: object) -> None:
        return None


@contextmanager
def a_proxy(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """``host:port``, and what is asked of it."""
    asked: list[str] = []
    facts = {"wheel": a_wheel(folder, "lorem", "1.0"), "asked": asked}
    with ThreadingHTTPServer(("127.0.0.1", 0), type("OneProxy", (Proxy,), facts)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


class Watch:
    """Reads, all the time, the arguments of every process and what the engine tells of ours."""

    def __init__(self, workspace: str) -> None:
        self._label = f"mltrain.workspace={workspace}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.looks = 0
        self.containers: set[str] = set()
        self.found: set[str] = set()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with a_client() as client:
            while not self._over.wait(0.03):
                self.looks += 1
                for place in Path("/proc").glob("[0-9]*/cmdline"):
                    with suppress(OSError):
                        self._judge(place.read_bytes(), "arguments")
                for each in client.containers(all=True, filters={"label": self._label}):
                    self.containers.add(each["Id"])
                    with suppress(docker.errors.APIError):
                        told = client.inspect_container(each["Id"])
                        commands = [client.exec_inspect(id_) for id_ in told["ExecIDs"] or ()]
                        self._judge(json.dumps([told, commands]).encode(), "container")

    def _judge(self, data: bytes, what: str) -> None:
        if found_in(data):
            self.found.add(f"{what}: {data[:2000]!r}")


class World:
    """All that was done, to be looked at."""

    def __init__(self, place: Place, registry: Registry, asked: list[str]) -> None:  # noqa: F811
        self.place = place
        self.asked = asked
        self.address = registry.address
        self.identity = place.client.status().workspace_id
        self.said: list[str] = []
        """What people have read: outputs of commands, texts of errors, `repr` of objects."""
        self.events = bytearray()
        self.runs: dict[str, Run] = {}
        self.environments: list[Environment] = []
        with Watch(self.identity) as self.watch, self._listening():
            self._by_sdk()
            self._by_cli()
            self._by_api()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Take every frame of the events stream, as it goes over the wire."""
        endpoint = workspaces.endpoint(self.place.directory)
        assert endpoint is not None
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(endpoint.socket)
            stream.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")

            def listen() -> None:
                while piece := stream.recv(65_536):
                    self.events += piece

            thread = threading.Thread(target=listen)
            thread.start()
            yield
            stream.shutdown(socket.SHUT_RDWR)
            thread.join()

    def private(self, name: str, image: str | None, password: str = PASSWORD) -> Environment:
        environment = Environment(name)
        if image is not None:
            environment.docker.base_image = image
        registry_ = environment.docker.base_image_registry
        registry_.address, registry_.username = self.address, USER
        registry_.password = password
        environment.python.conda_dependencies.add_pip_package("lorem")
        environment.python.interpreter_path = "/usr/bin/python3"
        self.environments.append(environment)
        return environment

    def submit(self, name: str, environment: Environment, script: str = SHOWS) -> None:
        folder = self.place.root / name
        folder.mkdir()
        (folder / "train.py").write_text(script)
        config = ScriptRunConfig(folder, "train.py", environment=environment)
        run = self.runs[name] = Experiment(self.place.workspace, "secrets").submit(config)
        try:
            run.wait_for_completion(show_output=False)
        except MltrainError as error:
            self.said.append(f"{error!r} {error}")

    def _by_sdk(self) -> None:
        self.submit("image", self.private("image", NAMES[0]))
        built = self.private("dockerfile", None)
        built.docker.base_dockerfile = (
            f"FROM {self.address}/{NAMES[0]}\n"
            "ARG PIP_INDEX_URL\nARG HTTPS_PROXY\n"
            "RUN echo $HTTP_PROXY $http_proxy $PIP_INDEX_URL $HTTPS_PROXY && env && true\n"
        )
        self.submit("dockerfile", built)
        failing = self.private("failing", None)
        failing.docker.base_dockerfile = (
            f"FROM {self.address}/{NAMES[0]}\nRUN echo $HTTP_PROXY; env; exit 3\n"
        )
        self.submit("failing", failing)
        missing = self.private("missing", NAMES[0])
        missing.python.conda_dependencies.add_pip_package("ipsum")
        self.submit("missing", missing)
        self.submit("wrong", self.private("wrong", NAMES[3], WRONG))
        process = Environment("process")
        process.python.conda_dependencies.add_pip_package("lorem")
        self.environments.append(process)
        # It has the user's own variables, and would show them.
        self.submit("process", process, SHOWS.splitlines()[-1])

    def _by_cli(self) -> None:
        folder = self.place.root / "image"
        for image, options in ((NAMES[1], ("--pip", "lorem")), ("team/none:1", ())):
            command = (
                *(sys.executable, "-m", "jupyter_mltrain.cli", "submit", "--wait"),
                *("--image", f"{self.address}/{image}", *options, "train.py"),
            )
            environ = {**os.environ, "MLTRAIN_WORKSPACE": str(self.place.directory)}
            done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
            self.said.append(done.stdout + done.stderr)

    def _by_api(self) -> None:
        for password, image in ((WRONG, NAMES[3]), (PASSWORD, NAMES[2])):
            self.api("PUT", "/v1/credentials", self._login(password))
            spec = {
                "name": "api",
                "interpreter": "/usr/bin/python3",
                "image": {"image": image, "registry": self.address, "username": USER},
            }
            build = json.loads(self.api("POST", "/v1/builds", {"spec": spec}))
            for item in self.place.client.follow_build(build["id"]):
                self.said.append(repr(item))
        self.api("PUT", "/v1/credentials", {**self._login(PASSWORD), "more": PASSWORD})
        self.api("PUT", "/v1/credentials", {**self._login(PASSWORD), "address": 5})
        self.api("PUT", "/v1/credentials", {**self._login(PASSWORD), "username": ""})
        self.api("POST", "/v1/credentials", self._login(PASSWORD))
        secret_in_spec = {"image": NAMES[0], "registry": self.address, "password": PASSWORD}
        self.api("POST", "/v1/builds", {"spec": {"name": "api", "image": secret_in_spec}})

    def _login(self, password: str) -> dict[str, object]:
        return {"address": self.address, "username": USER, "password": password}

    def api(self, method: str, path: str, body: object = None) -> bytes:
        """What the service answers, whatever its status; it counts as read."""
        data = b"" if body is None else json.dumps(body).encode()
        endpoint = workspaces.endpoint(self.place.directory)
        assert endpoint is not None
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Content-Length: {len(data)}\r\n\r\n"
        _, reply = answer(endpoint.socket, head.encode() + data)
        self.said.append(reply.decode("utf-8", "replace"))
        return reply

    def images(self) -> list[str]:
        """What was made here, and every layer below."""
        with a_client() as client:
            mine = client.images(filters={"label": f"mltrain.workspace={self.identity}"})
        return [image["Id"] for image in mine]


@pytest.fixture(scope="module")
def world(registry: Registry) -> Iterator[World]:  # noqa: F811
    root = Path(tempfile.mkdtemp(prefix="mltrain-secrets-"))
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (root / "docker").mkdir()
    (root / "docker" / "config.json").write_text(
        json.dumps({"auths": {registry.address: {"auth": login}}})
    )
    pushed = [registry.push(name) for name in NAMES]
    with pytest.MonkeyPatch.context() as patch, a_proxy(root / "wheels") as (proxy, asked):
        for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
            patch.delenv(name)
        for name, value in {
            "MLTRAIN_WORKSPACE": str(root / "workspace"),
            "JUPYTER_DATA_DIR": str(root / "data"),
            "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
            "DOCKER_CONFIG": str(root / "docker"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "HTTP_PROXY": f"http://{PROXY_LOGIN}@{proxy}",
            "http_proxy": f"http://{PROXY_LOGIN}@{proxy}",
            "HTTPS_PROXY": f"http://{PROXY_LOGIN}@{proxy}",
            "PIP_INDEX_URL": f"http://{INDEX_LOGIN}@index.invalid/simple",
            "UV_CACHE_DIR": str(root / "uv-cache"),
        }.items():
            patch.setenv(name, value)
        place = Place(root)
        try:
            yield World(place, registry, asked)
        finally:
            identity = place.client.status().workspace_id
            place.close()
            with a_client() as client:
                for image in client.images(filters={"label": f"mltrain.workspace={identity}"}):
                    client.remove_image(image["Id"], force=True)
            for reference in pushed:
                forget(reference)
    shutil.rmtree(root)


@pytest.fixture(autouse=True)
def patience() -> None:
    """The world takes its time."""


@pytest.mark.parametrize("name", ["image", "dockerfile", "process"])
def test_the_passwords_were_needed_and_used(world: World, name: str) -> None:
    run = world.runs[name]
    assert run.get_status() == "Completed", run.get_details()
    assert "had what it needs: 1.0" in world.place.output(run.record).decode()
    assert world.asked


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("failing", "Line 2 of the Dockerfile failed: its command ended with 3."),
        ("missing", "Package `ipsum` is not in the package index."),
        ("wrong", "wrong password, or no right to it."),
    ],
)
def test_each_failure_says_why(world: World, name: str, why: str) -> None:
    run = world.runs[name]
    assert run.get_status() == "Failed"
    assert why in str(run.get_details()["error"])


def test_a_login_of_docker_is_used_by_the_command_line(world: World) -> None:
    assert "had what it needs: 1.0" in "".join(world.said)


def test_no_file_of_the_user_has_them_but_those_where_they_are_kept(world: World) -> None:
    place = world.place
    place.client.status()
    holding = set()
    for folder, _, names in os.walk(place.root):
        for path in (Path(folder, name) for name in names):
            with suppress(FileNotFoundError):  # working copies are deleted a moment later
                if path.is_file() and found_in(path.read_bytes()):
                    holding.add(str(path.relative_to(place.root)))
    assert holding == {"data/mltrain/credentials/registries.json", "docker/config.json"}


def test_they_are_kept_in_a_file_and_a_folder_of_the_users_alone(world: World) -> None:
    file = world.place.root / "data/mltrain/credentials/registries.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_engine_tells_nobody(world: World) -> None:
    with a_client() as client:
        told = json.dumps(
            [
                [client.inspect_image(image), client.history(image)]
                for image in (image["Id"] for image in client.images(all=True))
            ]
        )
    assert found_in(told.encode()) == []
    assert len(world.images()) >= 3


def test_no_layer_has_them(world: World) -> None:
    longest = max(map(len, SECRETS))
    with subprocess.Popen(["docker", "save", *world.images()], stdout=subprocess.PIPE) as saving:
        assert saving.stdout is not None
        end = b""
        while piece := saving.stdout.read(8_000_000):
            assert found_in(end + piece) == []
            end = piece[-longest:]
    assert saving.returncode == 0


def test_no_process_and_no_container_had_them_to_be_seen(world: World) -> None:
    assert world.watch.looks > 50
    assert len(world.watch.containers) >= 5
    assert world.watch.found == set()


@pytest.mark.parametrize("name", ["image", "dockerfile"])
def test_a_run_in_a_container_sees_none(world: World, name: str) -> None:
    assert found_in(world.place.output(world.runs[name].record)) == []


def test_no_log_has_them(world: World) -> None:
    client = world.place.client
    logs = [b"".join(client.read_build_log(build.id)) for build in client.builds()]
    logs += [world.place.output(run.record, BUILD_LOG) for run in world.runs.values()]
    assert [found_in(log) for log in logs if found_in(log)] == []
    assert b"****@" in b"".join(logs)  # they would have been there


def test_no_reply_has_them(world: World) -> None:
    client = world.place.client
    paths = ["status", "environments", "builds", "computes", "runs", "queue", "experiments"]
    paths += [f"environments/{each.name}" for each in client.environments()]
    for build in client.builds():
        paths += [f"builds/{build.id}{rest}" for rest in ("", "/log", "/difference")]
        if build.state is not BuildState.BUILDING:
            paths.append(f"builds/{build.id}/follow?offset=0")
    for run in world.runs.values():
        paths += [f"runs/{run.id}{rest}" for rest in ("", "/history", "/files", "/metrics")]
        paths.append(f"runs/{run.id}/follow?{DRIVER_LOG}=0")
    for path in paths:
        world.api("GET", f"/v1/{path}")
    assert found_in("".join(world.said).encode()) == []


def test_no_event_has_them(world: World) -> None:
    assert b"Preparing" in world.events
    assert found_in(world.events) == []


def test_no_object_shows_or_saves_them(world: World, tmp_path: Path) -> None:
    shown = [repr(world.environments), repr(world.runs)]
    for number, environment in enumerate(world.environments):
        environment.save_to_directory(tmp_path / str(number))
        shown += [str(environment), str(environment.docker.base_image_registry)]
        shown += [path.read_text() for path in (tmp_path / str(number)).iterdir()]
    for run in world.runs.values():
        shown += [repr(run.record), str(run.get_details())]
    assert found_in("".join(shown).encode()) == []
    assert found_in(pickle.dumps(world.environments)) == []
