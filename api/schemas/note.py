"""What analysts add to a decision, for other people."""

from typing import Annotated

from pydantic import StringConstraints

from api.schemas.registration import Text

LONGEST_NOTE = 500

Note = Annotated[Text, StringConstraints(max_length=LONGEST_NOTE)]
