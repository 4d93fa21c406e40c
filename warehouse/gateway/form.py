"""A form, in which clients send what is too long for an address."""

from email.message import Message

from warehouse.gateway.errors import INCORRECT_DATA, NOT_IMPLEMENTED, refusal

MAX_FIELDS = 1_000
_MAX_HEAD_BYTES = 1_024


def fields_of(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a ``multipart/form-data`` body; in time linear in its length.

    Raises:
        GatewayError: it is no form, or has a field that is neither the query nor a parameter.
    """
    boundary = _header("content-type", content_type).get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise _no_form()
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"), MAX_FIELDS + 2)
    if len(parts) < 3 or not parts[-1].startswith(b"--"):
        raise _no_form()
    fields = dict(_field(part) for part in parts[1:-1])
    if "query" not in fields:
        raise refusal(INCORRECT_DATA, "The form has no query.")
    return fields


def _field(part: bytes) -> tuple[str, str]:
    head, blank, value = part.partition(b"\r\n\r\n")
    if not blank or len(head) > _MAX_HEAD_BYTES:
        raise _no_form()
    disposition = None
    for line in head.decode("latin-1").split("\r\n"):
        if line.lower().startswith("content-disposition:"):
            disposition = _header("content-disposition", line.partition(":")[2])
    name = disposition.get_param("name", "", "content-disposition") if disposition else ""
    is_file = disposition is not None and disposition.get_filename() is not None
    if is_file or not (name == "query" or str(name).startswith("param_")):
        raise refusal(NOT_IMPLEMENTED, "A form may have the query and its parameters alone.")
    try:
        return str(name), value.decode()
    except UnicodeDecodeError:
        raise refusal(INCORRECT_DATA, "A field of the form is not UTF-8.") from None


def _header(name: str, value: str) -> Message:
    message = Message()
    message[name] = value.strip()
    return message


def _no_form() -> Exception:
    return refusal(INCORRECT_DATA, f"This is no form of at most {MAX_FIELDS} fields.")
