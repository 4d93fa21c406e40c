"""Who gets what out of Kafka: strangers nothing, each role what its table says, and no more."""

import resource
import socket
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import cycle, islice, product
from typing import Any

import pytest
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from connectors.errors import DependencyDown, SettingsError
from connectors.kafka_access import ensure_access, is_accepted
from connectors.kafka_client import ClientConfig, client_config
from connectors.kafka_roles import (
    API_GROUP,
    BEATS_GROUP,
    BROKER_USER,
    CONNECT_GROUP,
    CONNECT_TOPICS,
    HEARTBEATS,
    RIGHTS,
    KafkaSecurity,
    Operation,
    Resource,
    Right,
    Role,
)
from connectors.make_topics import create_topics
from connectors.settings import Settings, required
from connectors.topics import SCORING_GROUP, WAREHOUSE_GROUP, Topic
from infra.native import stack as native
from infra.native.layout import layout_of
from tests.conftest import free_ports, running_stack, stack_settings
from tests.reading import eventually, read_topic

TIMEOUT_S = 10.0
CROWD = 1_500
ANNOUNCED = (524_272, 524_272, 524_272, 100_000_000, 524_272, 524_272, 524_272, 4_000)
"""Bytes, by turns: half a megabyte each, they would be more than the broker's memory."""
API_KEYS = range(100)
API_VERSIONS, SASL_HANDSHAKE = 18, 17
LIMITED = [role for role in Role if role is not Role.OPERATOR]
EVERY_TOPIC = (*map(str, Topic), *CONNECT_TOPICS, HEARTBEATS)
GROUPS = (
    *(SCORING_GROUP, WAREHOUSE_GROUP, CONNECT_GROUP, API_GROUP, BEATS_GROUP),
    *("promo-drain", "theirs"),
)
EVERY_RIGHT = AclBindingFilter(
    ResourceType.ANY,
    None,  # type: ignore[arg-type]
    ResourcePatternType.ANY,
    None,  # type: ignore[arg-type]
    None,  # type: ignore[arg-type]
    AclOperation.ANY,
    AclPermissionType.ANY,
)
SECRETS = [role.secret for role in Role] + ["kafka_broker_password"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A broker with the project's topics and Connect's, and nobody who uses them."""
    with running_stack(stack_settings(tmp_path_factory.mktemp("kafka")), "topics") as ready:
        more = [NewTopic(name, 1, 1) for name in (*CONNECT_TOPICS, HEARTBEATS)]
        admin = AdminClient(client_config(ready))
        _results(admin.create_topics(more))
        _make_coordinators(ready)
        yield ready


def _make_coordinators(settings: Settings) -> None:
    # Asked as one of the group: the administrator's question, asked too early, never ends.
    for group in GROUPS:
        consumer = Consumer({**client_config(settings), "group.id": group})
        consumer.committed([TopicPartition(Topic.USERS, 0)], timeout=TIMEOUT_S)
        consumer.close()


def as_role(settings: Settings, role: Role) -> ClientConfig:
    """How a process of that role connects."""
    return {**client_config(settings.model_copy(update={"kafka_role": role})), "log_level": 0}


def _results(asked: Mapping[Any, Future[Any]]) -> None:
    for future in asked.values():
        future.result(TIMEOUT_S)


def _answer(address: tuple[str, int], api_key: int) -> bytes:
    """What the broker says to one request of somebody who has not said who they are."""
    request = struct.pack(">hhih", api_key, 0, 7, -1)
    with socket.create_connection(address, TIMEOUT_S) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        try:
            return connection.recv(65_536)
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize("listener", ["kafka_port", "kafka_controller_port"])
def test_a_stranger_is_answered_nothing_but_how_to_say_who_they_are(
    settings: Settings, listener: str
) -> None:
    address = (settings.kafka_host, getattr(settings, listener))
    answered = {key for key in API_KEYS if _answer(address, key)}
    assert answered <= {API_VERSIONS, SASL_HANDSHAKE}


@pytest.mark.parametrize("listener", ["kafka_port", "kafka_controller_port"])
def test_a_crowd_of_strangers_that_announces_much_does_not_end_the_broker(
    settings: Settings, listener: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * CROWD)), hard))
    pid, address = native.pid_of(settings, "kafka"), ("127.0.0.1", getattr(settings, listener))
    with ExitStack() as crowd:
        for announced in islice(cycle(ANNOUNCED), CROWD):
            stranger = crowd.enter_context(socket.create_connection(address, timeout=TIMEOUT_S))
            with suppress(OSError):
                stranger.sendall(struct.pack(">ib", announced, 0))
        admin = AdminClient(client_config(settings))
        assert admin.list_topics(timeout=TIMEOUT_S).topics
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert native.pid_of(settings, "kafka") == pid


def _strangers(settings: Settings) -> dict[str, ClientConfig]:
    here: ClientConfig = {"bootstrap.servers": settings.kafka_bootstrap, "log_level": 0}
    known = {**client_config(settings), "log_level": 0}
    return {
        "nobody": here,
        "wrong password": {**known, "sasl.password": "not-the-one"},
        "no such user": {**known, "sasl.username": "stranger"},
        "the broker": {**known, "sasl.username": BROKER_USER},
        "another mechanism": {**as_role(settings, Role.SCORING), "sasl.mechanism": "PLAIN"},
        "another mechanism, wrong password": {
            **known,
            "sasl.mechanism": "PLAIN",
            "sasl.password": "not-the-one",
        },
    }


@pytest.mark.parametrize("who", _strangers(Settings(_env_file=None, kafka_operator_password="x",
    kafka_scoring_password="x")))  # fmt: skip
def test_who_is_not_known_can_neither_look_nor_write_nor_read_nor_change(
    settings: Settings, who: str
) -> None:
    config = _strangers(settings)[who]
    admin = AdminClient(config)
    with pytest.raises(KafkaException):
        admin.list_topics(timeout=1)
    with pytest.raises(KafkaException):
        _results(admin.create_topics([NewTopic("theirs", 1, 1)], request_timeout=1))
    producer = Producer({**config, "message.timeout.ms": 1_000})
    failed: list[KafkaError | None] = []
    producer.produce(Topic.USERS, b"{}", on_delivery=lambda error, _: failed.append(error))
    producer.flush(TIMEOUT_S)
    assert failed[0] is not None
    consumer = Consumer({**config, "group.id": SCORING_GROUP})
    consumer.assign([TopicPartition(Topic.USERS, 0, 0)])
    message = consumer.poll(1.0)
    assert message is None or message.error() is not None
    consumer.close()


@pytest.mark.parametrize("role", Role)
def test_a_role_is_let_in_by_its_own_password_alone(settings: Settings, role: Role) -> None:
    assert is_accepted(as_role(settings, role), TIMEOUT_S)
    for other in set(Role) - {role}:
        theirs = {**as_role(settings, role), "sasl.username": other.user}
        assert not is_accepted(theirs, TIMEOUT_S)


def _writable(config: ClientConfig) -> set[str]:
    taken: set[str] = set()
    producer = Producer(config)

    def delivered(error: KafkaError | None, message: Any) -> None:
        if error is None:
            taken.add(message.topic())
        else:
            refused = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART)
            assert error.code() in refused

    for topic in EVERY_TOPIC:
        producer.produce(topic, b"{}", b"somebody", on_delivery=delivered)
    assert producer.flush(2 * TIMEOUT_S) == 0
    return taken


def _operations(admin: AdminClient, role: Role) -> set[Right]:
    """What the broker itself says that a client may do with topics, groups and the cluster."""
    topics = admin.describe_topics(
        TopicCollection(list(EVERY_TOPIC)),
        include_authorized_operations=True,
        request_timeout=TIMEOUT_S,
    )
    groups = admin.describe_consumer_groups(
        list(GROUPS), include_authorized_operations=True, request_timeout=TIMEOUT_S
    )
    found = {(Resource.TOPIC, str(name)): future for name, future in topics.items()}
    found |= {(Resource.GROUP, name): future for name, future in groups.items()}
    cluster = admin.describe_cluster(include_authorized_operations=True).result(TIMEOUT_S)
    assert not cluster.authorized_operations, role
    return {
        Right(about, name, Operation(operation.name.lower()))
        for (about, name), future in found.items()
        for operation in _operations_of(future)
    }


def _operations_of(future: Future[Any]) -> Sequence[AclOperation]:
    refused = (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED)
    error = future.exception(TIMEOUT_S)
    if isinstance(error, KafkaException) and error.args[0].code() in refused:
        return ()
    allowed: Sequence[AclOperation] = future.result().authorized_operations
    return allowed


def _with_sight(rights: frozenset[Right]) -> set[Right]:
    return {*rights, *(replace(right, operation=Operation.DESCRIBE) for right in rights)}


def _allowed(role: Role, about: Resource, *operations: Operation) -> set[str]:
    return {r.name for r in RIGHTS[role] if r.resource is about and r.operation in operations}


@pytest.mark.parametrize("role", LIMITED)
def test_a_role_may_do_what_its_table_says_and_nothing_else(settings: Settings, role: Role) -> None:
    config = as_role(settings, role)
    admin = AdminClient(config)
    assert _operations(admin, role) == _with_sight(RIGHTS[role])
    assert _writable(config) == _allowed(role, Resource.TOPIC, Operation.WRITE)
    seen = set(admin.list_topics(timeout=TIMEOUT_S).topics)
    assert seen == _allowed(role, Resource.TOPIC, *Operation)


Change = Callable[[AdminClient], Any]


def _changes() -> dict[str, Change]:
    binding = AclBinding(
        ResourceType.TOPIC, "*", ResourcePatternType.LITERAL, f"User:{Role.API.user}", "*",
        AclOperation.ALL, AclPermissionType.ALLOW,
    )  # fmt: skip
    password = UserScramCredentialUpsertion(
        Role.OPERATOR.user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), b"mine-now"
    )
    broker = ConfigResource(ResourceType.BROKER, "1", {"log.retention.ms": "1"})
    return {
        "make a topic": lambda admin: admin.create_topics([NewTopic("mine", 1, 1)]),
        "delete a topic": lambda admin: admin.delete_topics([Topic.USERS.value]),
        "delete messages": lambda admin: admin.delete_records([TopicPartition(Topic.USERS, 0, 1)]),
        "change the broker": lambda admin: admin.alter_configs([broker]),
        "see the broker's settings": lambda admin: admin.describe_configs(
            [ConfigResource(ResourceType.BROKER, "1")]
        ),
        "give rights": lambda admin: admin.create_acls([binding]),
        "take rights": lambda admin: admin.delete_acls([EVERY_RIGHT]),
        "set a password": lambda admin: admin.alter_user_scram_credentials([password]),
    }


@pytest.mark.parametrize(("role", "what"), product(LIMITED, _changes()))
def test_nobody_but_the_operator_changes_or_sees_how_things_are(
    settings: Settings, role: Role, what: str
) -> None:
    admin = AdminClient(as_role(settings, role))
    asked: dict[Any, Future[Any]] = _changes()[what](admin)
    refused = (
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,  # which it is told of what it may not see
        KafkaError._NOENT,  # … and makes of that by itself
    )
    for future in asked.values():
        with pytest.raises(KafkaException) as raised:
            future.result(TIMEOUT_S)
        assert raised.value.args[0].code() in refused, raised.value


@pytest.mark.parametrize("role", LIMITED)
def test_who_may_do_what_is_shown_to_the_operator_alone(settings: Settings, role: Role) -> None:
    operator, other = AdminClient(client_config(settings)), AdminClient(as_role(settings, role))
    assert len(operator.describe_acls(EVERY_RIGHT).result(TIMEOUT_S)) == len(_rights())
    assert other.describe_acls(EVERY_RIGHT).result(TIMEOUT_S) == []


def test_a_right_that_is_not_in_the_table_is_taken_away(settings: Settings) -> None:
    admin = AdminClient(client_config(settings))
    api = AdminClient(as_role(settings, Role.API))
    stale = [
        AclBinding(
            ResourceType.TOPIC, name, pattern, f"User:{Role.API.user}", "*",
            AclOperation.READ, AclPermissionType.ALLOW,
        )
        for name, pattern in (
            (Topic.DEAD_LETTER.value, ResourcePatternType.LITERAL),
            ("promo.public.", ResourcePatternType.PREFIXED),
        )
    ]  # fmt: skip
    _results(admin.create_acls(stale))
    wanted = _with_sight(RIGHTS[Role.API])
    eventually(lambda: _operations(api, Role.API) > wanted, "the rights hold")

    ensure_access(settings)

    eventually(lambda: _operations(api, Role.API) == wanted, "the rights are gone")


def test_an_operator_whom_the_broker_does_not_know_is_told_what_to_do(settings: Settings) -> None:
    wrong = settings.model_copy(update={"kafka_operator_password": settings.kafka_api_password})
    with pytest.raises(SettingsError, match="PROMO_KAFKA_OPERATOR_PASSWORD"):
        ensure_access(wrong)


def test_a_broker_that_is_away_is_not_taken_for_one_that_refuses(settings: Settings) -> None:
    (port,) = free_ports()
    with pytest.raises(DependencyDown):
        is_accepted({**client_config(settings), "bootstrap.servers": f"127.0.0.1:{port}"}, 0.3)


def test_a_folder_of_the_version_without_users_is_given_them(
    own_stack: Callable[..., Settings],
) -> None:
    before = own_stack("topics", kafka_security=KafkaSecurity.PLAINTEXT)
    producer = Producer(client_config(before))
    producer.produce(Topic.USERS, b"{}", b"somebody")
    assert producer.flush(TIMEOUT_S) == 0
    native.down(before)

    after = before.model_copy(update={"kafka_security": KafkaSecurity.SASL_PLAINTEXT})
    native.up(after, parts=["topics"])

    assert all(is_accepted(as_role(after, role), TIMEOUT_S) for role in Role)
    with pytest.raises(KafkaException):
        AdminClient({**client_config(before), "log_level": 0}).list_topics(timeout=1)
    assert [m.key() for m in read_topic(after, Topic.USERS, lambda all_: len(all_) == 1)]


def test_a_secret_that_was_changed_is_the_one_that_holds(
    own_stack: Callable[..., Settings],
) -> None:
    before = own_stack("topics")
    for name in SECRETS:
        (layout_of(before).secrets / f"promo_{name}").unlink()

    after = native.up(before.model_copy(update=dict.fromkeys(SECRETS)), parts=["topics"])

    for role in Role:
        assert is_accepted(as_role(after, role), TIMEOUT_S)
        assert not is_accepted(as_role(before, role), TIMEOUT_S)
    assert required(after.kafka_broker_password, "") != required(before.kafka_broker_password, "")


def test_a_secret_with_a_line_end_is_the_same_secret(own_stack: Callable[..., Settings]) -> None:
    """An editor leaves one, and Java would take it for a part of the password."""
    before = own_stack("topics")
    native.down(before)
    for name in SECRETS:
        with (layout_of(before).secrets / f"promo_{name}").open("a") as file:
            file.write("\n")
    native.up(before, parts=["topics"])
    assert all(is_accepted(as_role(before, role), TIMEOUT_S) for role in Role)


def test_topics_are_made_for_those_who_ask_nobody_too(own_stack: Callable[..., Settings]) -> None:
    settings = own_stack("topics", kafka_security=KafkaSecurity.PLAINTEXT)
    assert create_topics(settings).created == ()


def _rights() -> Sequence[tuple[Role, Right]]:
    return [(role, right) for role, rights in RIGHTS.items() for right in rights]


def test_who_may_write_what_debezium_tells() -> None:
    """The monitor's tombstones of nobody close segments; nobody else may."""
    for table in (Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES):
        writers = {role for role, right in _rights() if right == _write(table)}
        assert writers == {Role.DEBEZIUM, Role.MONITOR}


def _write(topic: Topic) -> Right:
    return Right(Resource.TOPIC, topic.value, Operation.WRITE)
