"""Whose an e-mail domain is: everybody's, or one organisation's. Pure.

Accounts at gmail.com have nothing in common. Accounts at a domain of somebody's own have: a firm,
a university, or one person who receives whatever is sent there (a *catch-all* domain) and so has
as many addresses as he likes.
"""

from collections.abc import Sequence
from functools import lru_cache

PROVIDERS = frozenset(
    """
    gmail.com googlemail.com
    outlook.com hotmail.com live.com msn.com windowslive.com passport.com
    yahoo.com ymail.com rocketmail.com myyahoo.com aol.com aim.com verizon.net
    icloud.com me.com mac.com appleid.com
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com
    tutamail.com keemail.me fastmail.com fastmail.fm hushmail.com hey.com duck.com mozmail.com
    passmail.net passinbox.com simplelogin.com slmail.me aleeas.com
    zoho.com zohomail.com zohomail.eu mail.com email.com usa.com gmx.com gmx.net gmx.us inbox.com
    comcast.net xfinity.com att.net sbcglobal.net bellsouth.net ameritech.net pacbell.net swbell.net
    cox.net charter.net spectrum.net rr.com roadrunner.com twc.com optonline.net optimum.net
    earthlink.net mindspring.com juno.com netzero.net netzero.com frontier.com frontiernet.net
    centurylink.net centurytel.net embarqmail.com windstream.net cableone.net suddenlink.net
    rogers.com bell.net sympatico.ca shaw.ca telus.net videotron.ca cogeco.ca eastlink.ca
    btinternet.com btopenworld.com sky.com talktalk.net virginmedia.com ntlworld.com
    blueyonder.co.uk tiscali.co.uk plus.net plusnet.com o2.co.uk orange.net eircom.net
    gmx.de gmx.at gmx.ch web.de t-online.de freenet.de arcor.de mail.de posteo.de posteo.net
    mailbox.org online.de vodafone.de kabelmail.de unitybox.de 1und1.de magenta.de aon.at chello.at
    bluewin.ch hispeed.ch sunrise.ch
    orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr numericable.fr aliceadsl.fr
    club-internet.fr cegetel.net skynet.be telenet.be proximus.be scarlet.be voo.be
    ziggo.nl kpnmail.nl kpnplanet.nl planet.nl home.nl hetnet.nl xs4all.nl casema.nl upcmail.nl
    libero.it virgilio.it alice.it tin.it tiscali.it fastwebnet.it inwind.it iol.it email.it
    telefonica.net movistar.es terra.es ono.com sapo.pt netcabo.pt clix.pt
    telia.com bredband.net comhem.se spray.se tele2.se online.no broadpark.no getmail.no
    mail.dk stofanet.dk tdcadsl.dk jubii.dk elisanet.fi kolumbus.fi suomi24.fi luukku.com
    wp.pl o2.pl onet.pl op.pl interia.pl interia.eu poczta.fm gazeta.pl vp.pl tlen.pl
    seznam.cz centrum.cz email.cz volny.cz post.cz atlas.cz azet.sk centrum.sk zoznam.sk post.sk
    freemail.hu citromail.hu t-online.hu abv.bg mail.bg dir.bg yahoo.ro
    otenet.gr forthnet.gr in.gr inbox.lv inbox.lt one.lt mail.ee hot.ee siol.net
    mail.ru bk.ru inbox.ru list.ru internet.ru rambler.ru lenta.ru yandex.ru yandex.com ya.ru
    yandex.by yandex.kz yandex.ua yandex.uz yandex.com.tr yandex.com.am yandex.com.ge
    yandex.co.il yandex.az yandex.ee yandex.fr yandex.kg yandex.lt yandex.lv yandex.md yandex.tj
    yandex.tm yandex.eu yandex.pl yandex.fi fastmail.net fastmail.org narod.ru
    ukr.net i.ua meta.ua bigmir.net tut.by mail.kz
    mynet.com superonline.com ttmail.com walla.com walla.co.il netvision.net.il bezeqint.net
    rediffmail.com rediff.com sify.com indiatimes.com
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com
    139.com 189.cn tom.com 21cn.com
    naver.com hanmail.net daum.net kakao.com nate.com korea.com
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp softbank.jp au.com ocn.ne.jp nifty.com biglobe.ne.jp
    so-net.ne.jp plala.or.jp dion.ne.jp
    pchome.com.tw hinet.net seed.net.tw netvigator.com singnet.com.sg starhub.net.sg streamyx.com
    bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au on.net dodo.com.au
    xtra.co.nz slingshot.co.nz vodafone.co.nz
    uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com oi.com.br
    prodigy.net.mx telmex.com fibertel.com.ar arnet.com.ar speedy.com.ar ciudad.com.ar
    etb.net.co une.net.co cantv.net adinet.com.uy vtr.net
    mweb.co.za webmail.co.za telkomsa.net vodamail.co.za
    """.split()  # noqa: SIM905
)
"""Where anybody gets a mailbox: free mail, forwarding and access providers, the large ones of each
country."""

_EVERYWHERE = frozenset({"yahoo", "hotmail", "live", "outlook", "msn", "ymail", "gmx", "aol"})
"""Providers that have a domain in most countries: yahoo.co.uk, hotmail.fr, live.nl."""

_EXAMPLES = frozenset({"example.com", "example.net", "example.org"})
"""Set aside for documentation (RFC 2606): nobody's."""

_SECOND_LEVELS = frozenset(
    "ac co com edu gob gov govt go gouv gv ltd me mil ne net nhs nom or org plc police sch".split()  # noqa: SIM905
)
"""Under these, countries register domains: ``uni.ac.uk``, ``firm.com.br``. The common ones of the
Public Suffix List; of a rarer one the suffix itself is taken for the organisation, which puts
strangers together. A burst of them with one code is what it then takes to notice it."""

_COUNTRY_CODE_LETTERS = 2


@lru_cache(maxsize=16_384)
def organizational_domain(domain: str) -> str | None:
    """The domain that somebody registered, for one that is not everybody's.

    ``a.shop.example`` and ``b.shop.example`` are both of ``shop.example`` (the Organizational
    Domain of RFC 7489, 3.2). None for a mail provider's domain, and for what is no domain name.
    """
    labels = domain.rstrip(".").split(".")
    if len(labels) < 2 or not all(labels) or labels[-1].isdecimal() or domain.startswith("["):
        return None
    is_divided = len(labels[-1]) == _COUNTRY_CODE_LETTERS and labels[-2] in _SECOND_LEVELS
    registered = labels[-3 if is_divided else -2 :]
    name = ".".join(registered)
    if is_divided and len(registered) <= 2:
        return None
    return None if _is_everybodys(name, registered) else name


def _is_everybodys(name: str, labels: Sequence[str]) -> bool:
    is_national = len(labels[-1]) == _COUNTRY_CODE_LETTERS and labels[0] in _EVERYWHERE
    return is_national or name in PROVIDERS or name in _EXAMPLES
