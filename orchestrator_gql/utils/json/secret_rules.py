"""Rules for secrets that stand behind no key: device configuration lines, command options, values of a known form."""

import re
from dataclasses import dataclass

_KINDS = (
    r"(?: (?:[0-9]|1[0-9]|encrypted|unencrypted|clear-?text|plain-?text|(?:irreversible-)?cipher|simple|text|ascii"
    r"|hex|md5|sha-?\d*|hmac-\w+|aes-?\d*|cmac-\w+|type|ENC|hash\d?|localized|value)){0,4}"
)
"""Words that say how the value is written: ``7``, ``encrypted``, ``sha512``."""

_NUMBERED = (
    r"(?: (?:\d{1,5}|local|remote|ascii-text|hexadecimal|secret|set-key|address \S{1,64}+(?: \d[\d.]{6,14})? key)){0,2}"
    + _KINDS
)


def _pattern(source: str) -> re.Pattern[str]:
    """Compile a rule; a space in it matches any spaces and tabs between two words of a line."""
    written = source.replace("KINDS", _KINDS).replace("NUMBERED", _NUMBERED).replace("WORD", r"\S{1,100}+")
    return re.compile(written.replace(" ", r"[^\S\n]{1,8}"), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rule:
    """A secret stands behind ``pattern``, and possibly another behind ``following``; ``key`` is the kind of secret.

    ``is_line``: the rule needs an indented line of two words, as in a block of a configuration. ``is_prose``: the words
    of the rule occur in ordinary sentences too.
    """

    key: str
    pattern: re.Pattern[str]
    following: re.Pattern[str] | None = None
    is_line: bool = False
    is_prose: bool = False


_TYPED = r"""(?=[^\s"']{0,64}?\d)(?=[^\s"']{0,64}?[A-Za-z])(?!\d{1,4}[a-z]{0,2}\b|v\d|[^\s:]{0,64}://)(?=[^\s"']{6})"""
_ONE_WORD = r"""(?=[^\s"'\\]{2,200}[^\S\n]{0,64}(?:[;!#\\"'\n\r]|\Z))"""


def _rule(key: str, source: str, following: str = "", *, is_line: bool = False, is_prose: bool = False) -> Rule:
    if is_line:
        source += _ONE_WORD
    return Rule(key, _pattern(source), _pattern(following) if following else None, is_line, is_prose or is_line)


_NOUNS = r"(?:secret|password|passwd|pass|passphrase|psk|psksecret|key-string|[\w-]{1,40}-(?:password|secret|psk))"
_PROSE = r"(?:password|passwd|passphrase|secret|pwd|passcode)"
_AFTER_A_QUOTE = (
    r"(?! (?:not|already|created|deleted|configured|unchanged|patched|updated|does|is|was|in|from|has|exists)\b)"
)

_LINES = {
    "enable super": (
        _rule("password", "WORD(?: algorithm-type WORD)? (?:secret|password|passwd)(?: level \\d{1,2})?KINDS "),
    ),
    "username local-user": (_rule("password", f"WORD WORD(?: WORD){{0,8}}? {_NOUNS}KINDS "),),
    "user": (_rule("password", f"WORD WORD {_NOUNS}KINDS ", is_prose=True),),
    "neighbor peer peer-group": (
        _rule("password", "WORD WORD(?: WORD){0,2}? (?:password|authentication-key|md5)KINDS "),
    ),
    "authentication-mode": (
        _rule("password", r"WORD (?:simple|md5|hmac-\w+|sha\S*)(?: \d{1,3})?(?: (?:cipher|plain|simple))? "),
    ),
    "ppp l2tp vpdn ip ipv6 isis router dot1x eap ftp archive login interface": (
        _rule("password", "WORD(?: WORD){1,8}? (?:password|passphrase)KINDS ", is_prose=True),
        _rule("password", "(?:isis|login|l2tp) passwordKINDS "),
    ),
    "tacacs-server tacacs radius-server radius aaa-server server-private ldap-server hwtacacs-server": (
        _rule("secret", "WORD(?: WORD){0,14}? (?:key|shared-key|secret|shared-secret|server-key)KINDS ", is_prose=True),
    ),
    "snmp-server snmp snmp-agent snmp-trap trap-group": (
        _rule("snmp_community", "WORD(?: WORD){0,4}? community(?:-string|-name)?(?: (?:read|write|ro|rw|name))?KINDS "),
        _rule(
            "snmp_community",
            r"WORD host WORD(?: (?:vrf|use-vrf) WORD)?(?: (?:traps?|informs?))?(?: version (?:1|2c))?"
            r" (?!(?:version|traps?|informs?|vrf|use-vrf|community|udp-port|source\S*|filter\S*)\b)",
        ),
        _rule(
            "password",
            r"WORD(?: WORD){2,8}? auth(?:entication-mode)?(?: (?:md5|sha(?:-?\d+)?)){0,2}KINDS ",
            r" priv(?:acy-mode)?(?: (?:des|3des|aes(?:-?\d+)?|\d+)){0,2}KINDS ",
        ),
        _rule("snmp_community", "WORD(?: WORD){1,8}? securitynameKINDS "),
    ),
    "rocommunity rwcommunity rocommunity6 rwcommunity6 trapcommunity": (_rule("snmp_community", "WORD "),),
    "com2sec com2sec6": (_rule("snmp_community", "WORD(?: -Cn WORD)? WORD WORD "),),
    "trapsink trap2sink informsink": (_rule("snmp_community", "WORD WORD "),),
    "createuser": (
        _rule("password", r"WORD(?: -e WORD)? WORD (?:MD5|SHA[\w-]*) ", r" (?:DES|AES[\w-]*) "),
    ),
    "community": (
        _rule("snmp_community", r"community (?=\S{1,100}+\s{1,8}\{\s{0,80}(?:authorization|clients))"),
        _rule(
            "snmp_community",
            r"""community(?:\\{0,63}["'])?\s?[:=]\s?(?=\\{0,63}["']?(?!\d|no-|local|internet|target:|large:|https?:|none\b)"""
            r"""[^\s"'\\,:]{3,64}\\{0,63}["']?[^\S\n]{0,8}(?:[,}\]]|\n|\\|\Z))""",
        ),
    ),
    "crypto": (
        _rule("pre_shared_key", "crypto (?:isakmp|ikev1|ikev2) keyKINDS "),
        _rule("password", "crypto(?: WORD){0,6}? (?:pre-shared-key|password|passphrase)KINDS "),
    ),
    "encrypted-password plaintext-password plain-text-password-value pre-shared-key pre-shared-secret preshared-key "
    "wpa-psk wpa2-psk wpa-passphrase wpa2-passphrase key-string shared-secret shared-key authentication-password "
    "privacy-password authentication-key privacy-key auth-password priv-password auth-key priv-key "
    "ldap-login-password bind-password area-password domain-password hello-password lsp-password psksecret md5-key "
    "simple-password chap-secret pap-password chap-password admin-password root-password auth-pwd priv-pwd "
    "message-digest-key requirepass masterauth bindpw rootpw auth_pass insecure-password set-key server-key "
    "wifi-sec.psk wifi-security.psk 802-11-wireless-security.psk": (_rule("secret", "WORDNUMBERED "),),
    "key": (
        _rule("secret", r"key (?:[05-9]|encrypted|ENC) (?=\S{4})", is_prose=True),
        _rule("secret", "key config-key(?: password-encrypt)?KINDS "),
        _rule("secret", "key ", is_line=True),
    ),
    "password passwd passphrase secret pwd passcode": (
        _rule(
            "password",
            rf"{_PROSE} (?:[05-9]|1[04]|encrypted|ENC|(?:irreversible-)?cipher|simple|sha\d+)KINDS ",
            is_prose=True,
        ),
        _rule("password", rf"{_PROSE}(?: is| was)? (?=\\{{0,63}}[\"'][^\"'\n]{{1,200}}[\"']{_AFTER_A_QUOTE})"),
        _rule("password", rf"{_PROSE} (?:(?:for|of) \S{{1,64}}?|is|was)[^\S\n]?[:=] ?(?=\S)"),
        _rule("password", rf"{_PROSE}(?: is| was| to)? {_TYPED}", is_prose=True),
        _rule("password", f"{_PROSE} ", is_line=True),
    ),
    "token": (_rule("token", rf"token (?:is|was) {_TYPED}", is_prose=True),),
    "env": (_rule("password", r"ENV \S{0,64}(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|_PASS|_PWD)\S{0,16} "),),
    "authorization proxy-authorization": (
        _rule("authorization", r"""(?:proxy-)?authorization (?=\\{0,63}["'](?:bearer|basic|token|digest)\b)"""),
        _rule("authorization", r"""(?:proxy-)?authorization\\{0,63}["'], ?(?=\\{0,63}["'])"""),
    ),
    "psk": (
        _rule("psk", "psk(?: set-key)?(?: (?:ascii|hex|[078])){1,3} "),
        _rule("psk", "psk ", is_line=True),
    ),
    "set": (
        _rule("password", f"set(?: WORD){{0,12}}? {_NOUNS}KINDS ", is_prose=True),
        _rule("password", "set(?: WORD){0,12}? (?:key|private-key) ENC "),
    ),
    "wpa security wireless wlan config standby vrrp glbp hsrp": (
        _rule("psk", "WORD(?: WORD){0,8}? (?:psk|passphrase|set-key|pass-phrase)(?: set-key)?KINDS ", is_prose=True),
        _rule("password", r"(?:standby|vrrp|glbp|hsrp)(?: \d{1,4})? authentication(?: text)? (?!md5\b|text\b)"),
    ),
    "nmcli": (_rule("psk", "nmcli(?: WORD){0,10}? (?:password|psk) ", is_prose=True),),
    "wpa_passphrase": (_rule("psk", "WORD (?:\"[^\"\\n]{1,64}\"|WORD) "),),
    "failover": (_rule("secret", "failover keyKINDS "),),
    "vault": (_rule("token", r"vault login(?: -\S{1,64}+){0,4} (?![-])"),),
    "htpasswd": (_rule("password", r"htpasswd -\w{0,8}b\w{0,8} WORD WORD "),),
    "echo printf": (
        _rule("password", r"""WORD(?: -\w)? ["']?[\w.-]{1,64}:(?=[^\s|]{1,200}\s?\|\s?(?:sudo )?chpasswd)"""),
        _rule(
            "password", r"WORD(?: -\w)? (?=\S{1,200} \| (?:sudo (?:-\w )?-S|sudo passwd|passwd|docker|podman|helm))"
        ),
    ),
    "net": (
        _rule("password", r"net user WORD (?=[^\s/]{1,100} /add)"),
        _rule("password", r"net use(?: \w:)? \\\\\S{1,100}+ (?=[^\s/*]{1,100} /user)"),
    ),
    "aws": (_rule("secret", "aws configure set \\S{0,40}(?:secret|token)\\S{0,40} "),),
    "machine login": (_rule("password", "(?:machine WORD )?login WORD password "),),
    "bearer": (_rule("token", r"bearer (?=[\w.~+/-]{0,200}\d)(?=[\w.~+/=-]{16})"),),
    "identified": (_rule("password", r"""identified(?: with WORD)? (?:by|as)(?: password)? (?=\\{0,63}["'])"""),),
    "auth": (_rule("password", "auth (?:plain|login|cram-md5) (?=[A-Za-z0-9+/]{8})"),),
    "convertto-securestring": (_rule("password", r"WORD(?: -String)? (?![-$])"),),
}  # fmt: skip

RULES: dict[str, tuple[Rule, ...]] = {word: rules for words, rules in _LINES.items() for word in words.split()}
"""The rules, by the word that each begins with."""

ANY_RULE = {
    rules: re.compile("|".join(f"(?:{rule.pattern.pattern})" for rule in rules), re.IGNORECASE)
    for rules in _LINES.values()
}
"""One pattern for each group of rules: a fast check, because a rule rarely matches."""

PAIR = "pair"
"""The option's argument is ``user:password``."""

VALUE = "value"
"""The option's argument is the secret."""

GLUED = "glued"
"""The secret follows the option without a space."""

_OPTIONS: dict[str, dict[str, str]] = {
    "curl": {"-u": PAIR, "--user": PAIR, "-U": PAIR, "--proxy-user": PAIR, "-b": VALUE},
    "http httpie xh": {"-a": PAIR, "--auth": PAIR},
    "lftp ncftp": {"-u": PAIR},
    "smbclient rpcclient winexe smbmap": {"-U": PAIR},
    "mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlsh mariadb mariadb-dump mariadb-admin": {"-p": GLUED},
    "sshpass mongo mongosh mongodump mongorestore rabbitmqadmin twine useradd usermod": {"-p": VALUE},
    "snmpwalk snmpget snmpset snmpgetnext snmpbulkwalk snmpbulkget snmptrap snmpinform snmptable snmpstatus "
    "snmpbulk snmpdf": {"-c": VALUE, "-A": VALUE, "-X": VALUE},
    "ldapsearch ldapadd ldapmodify ldapdelete ldapwhoami ldappasswd ldapcompare": {"-w": VALUE},
    "redis-cli": {"-a": VALUE},
    "ipmitool sqlcmd mosquitto_pub mosquitto_sub bcp": {"-P": VALUE},
    "plink pscp psftp putty": {"-pw": VALUE},
    "openssl": {"-k": VALUE, "-K": VALUE},
}
OPTIONS = {command: options for commands, options in _OPTIONS.items() for command in commands.split()}
"""The options that hold a secret, by command."""

LOGIN = re.compile(r"(?:[^\S\n]{1,8}\S{1,64}+){0,3}?[^\S\n]{1,8}login\b")
LOGIN_COMMANDS = frozenset({"docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "az", "oc", "cf", "registry"})
"""Commands whose ``-p`` is a password after ``login``, and a port otherwise."""

SHAPE = re.compile(
    r"eyJ[\w-]{8,}+\.[\w-]{2,}|(?:AKIA|ASIA)[A-Z0-9]{16}\b|gh[pousr]_[A-Za-z0-9]{16}|github_pat_\w{16}|glpat-[\w-]{12}"
    r"|xox[abeprs]-[\w-]{10}|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20}|[sr]k_(?:live|test)_\w{10}|AIza[\w-]{30}|hv[sbr]\.[\w-]{16}"
    r"|npm_[A-Za-z0-9]{24}|pypi-[\w-]{24}|dckr_pat_[\w-]{16}|dop_v1_\w{32}|SG\.[\w-]{16,}\.[\w-]{16}|ya29\.[\w-]{16}"
)
"""Tokens of well-known services, recognized by their prefix."""

HASH = re.compile(
    r"\$(?:0|1|2[abxy]?|5|6|7|8|9|14|y|gy|sha1|apr1|argon2i?d?|scrypt|pbkdf2[\w-]{0,12})\$[\w./$+=,-]{5,512}"
)
"""Hashed and obfuscated passwords: ``$6$…``, ``$9$…``."""

USERINFO = re.compile(r"""://[^\s/?#"'<>\\:@]{0,200}+:(?=[^\s/"'<>\\]{1,512}@)""")
URL_PASSWORD = re.compile(r"""[^\s/"'<>\\]{1,512}(?=@)""")

PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_EDGE = re.compile(r"(?:\s|\\{1,63}[nr]){0,8}")
PEM_BODY = re.compile(r"(?:[A-Za-z0-9+/=\s\\:,.()@_]|-(?!----)){1,65536}+")

SCHEME = re.compile(
    r"(?P<one>bearer|basic|token|negotiate|ntlm|apikey|api-key|jwt|splunk|key|oauth|bot|genie-?key)[^\S\n]{1,8}"
    r"|(?P<many>digest|aws4-hmac-sha256|hawk|hmac|signature|mac)[^\S\n]{1,8}",
    re.IGNORECASE,
)
"""The name of the scheme before the secret in an ``Authorization`` header."""

HEADERS = frozenset({"authorization", "proxy_authorization", "cookie", "set_cookie", "x_authorization"})

_SAYINGS = """
    a about across add admin after again age ago all already also always an and any are as at attempt attempts
    authentication based be because been before but by can cannot changed configured contains could count created
    deleted denied detected did disabled do does done down empty enabled encrypted entered error exist exists expire
    expired expires expiry fail failed fails failure for found from generated get given had has have hidden if in
    incorrect insecure into invalid is it its kept matched may mismatch mismatched missing must need needed needs
    next no none not now null occurred of off ok only optional or our out over pending permission permitted please
    protected provided read received refused rejected removed requested required requires ro rotated rw saved see
    sent should so specified stored string strings succeeded successful successfully supported than that the their
    them then there these they this to too tries typed unavailable unchanged undefined unencrypted unknown unless
    unset until updated used using valid validated verified verify via was we were when which while will with within
    without wrong yes you your
"""
SAYINGS = frozenset(_SAYINGS.split())
"""Words that say something about a secret; such a word is never a secret itself."""

_NOUNS_BEHIND = """
    access account accounts address aes aes128 aes256 algorithm auth authorization available backend chain change
    changes characters chars check checking command complexity config configuration correctly credentials data
    database days default deny digits encryption encryption-type end exchange exit expiration exposed failures
    feature field fields file files fingerprint form format generation generator hash hashed hashes history hostname
    hours id index info input key keys label length level limit line list login lookup management manager match
    matches md5 method minutes mode name names never new old on once operation option parameter password passwords
    path permit phrase policies policy profile prompt prompts protection quit recovery request requirements reset
    reset. resets retries ring rollover rotation rule rules safe santa seconds secret secrets security server
    service set setting settings sha1 sha256 sha384 sha512 status storage store strength strong support sync times
    token tokens traps type types update use user username users validation value values vault verification version
    version1 view weak
"""
PROSE = SAYINGS | frozenset(_NOUNS_BEHIND.split())
"""The same words, and words that form a compound noun with ``password`` before them: ``password policy``."""

HARMLESS_KEYS = re.compile(
    r"(?:^|_)(?:no|ask|num|with|use|uses|has|is|max|min|prompt|require|required)_|^update_password$|secretar"
    r"|_(?:file|files|path|paths|dir|stdin|prompt|policy|policies|type|types|name|names|field|required|enabled|disabled"
    r"|changed|changed_at|updated|updated_at|expires|expires_at|expires_in|expired|expiry|expiration|last_set|age"
    r"|status|algorithm|algo|encryption|complexity|hint_question|lifetime|ttl|count|limit|length|authentication|login"
    r"|min_length|max_length|min_len|max_age|attempts|retries|tries|rounds|version|size|bits|strength|days|title|label)$",
)
"""Keys about a secret whose values are not secret: ``password_expires_at``."""

COUNTED = re.compile(r"""\d{1,9}(?:\.\d{1,6})?(?:\s?(?:[smhdw]|ms|days?|bytes?|chars?|%))?(?=[\s,;)}\]"'\\<&|/.]|\Z)""")
"""A number, with or without a unit."""

_HINTS = """
    pass secret key token pwd psk communit auth cookie cred md5 snmp trapsink trap2sink informsink com2sec createuser
    securityname identified bearer vault echo printf secure cipher curl http lftp ncftp smb rpcclient winexe mysql
    mariadb mongo rabbitmq twine useradd usermod ldap redis ipmitool sqlcmd mosquitto
    bcp plink pscp psftp putty openssl login
    eyj akia asia ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xox sk- sk_ rk_ aiza hvs. hvb. hvr. npm_ pypi-
    dckr_ dop_v1_ sg. ya29. private :// $0$ $1$ $2 $5$ $6$ $7$ $8$ $9$ $14$ $y$ $gy$
    $sha1$ $apr1$ $argon2 $scrypt$ $pbkdf2
"""
HINTS = frozenset(_HINTS.split()) | {"net use", "xh "}
"""Every secret that these rules find contains such a text, or follows it closely: other texts need no search."""
