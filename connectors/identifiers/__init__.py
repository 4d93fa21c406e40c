"""From text as a person typed it, or a system filled it in, to what identifies. Pure.

One module for each kind of identifier. All of them run inside the privacy boundary; each answers
with a canonical form, equal for all writings of one device, phone, mailbox or address, or with
what the text stands for instead (:mod:`connectors.identifiers.placeholders`).
"""
