"""The words that attribute quotations, by language."""

import re

from msgspec import Struct


class ReportingLanguage(Struct, frozen=True, kw_only=True):
    """The words of a language's attributions, in lower case."""

    verbs: frozenset[str]
    stops: frozenset[str]  # words that end a speaker's name
    helpers: frozenset[str] = frozenset()  # auxiliaries and adverbs between speaker and verb
    personal: frozenset[str] = frozenset()  # verbs that imply their person: the text need not name a speaker


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = ReportingLanguage(
    verbs=_words(
        "said says say saying told tells asked asks added adds adding wrote writes write writing tweeted tweets"
        " posted announced announces argued argues replied replies answered answers insisted insists warned warns"
        " claimed claims explained explains noted notes noting stated states declared declares admitted admits"
        " conceded concedes confirmed recalled recalls remembered remembers remarked observed concluded continued"
        " continues complained complains joked jokes quipped shouted shouts cried whispered muttered yelled called"
        " calls calling described describes describing dubbed labelled labeled branded termed denounced dismissed"
        " welcomed hailed praised criticised criticized accused urged urges promised promises pledged vowed vows"
        " testified alleged asserted asserts suggested suggests maintained contended believes acknowledged"
        " commented responded shared shares stressed emphasised emphasized read reads quoted wondered wondering"
        " chanted chanting sang predicted demanded demands agreed agrees lamented boasted protested retorted"
        " snapped shrugged laughed sighed begged repeated repeats reported reports assured assures report tell ask"
        " argue insist warn admit blasted slammed condemned referred refers"
    ),
    stops=_words(
        "in on at to when after before during as who whom which that with while by from because if but or about"
        " since until under over into through against where whose what whether how why than so via is was were are"
        " be been has had have will would could not upon amid though although despite without between among"
        " according and monday tuesday wednesday thursday friday saturday sunday yesterday today tonight recently"
        " later earlier this last reporters journalists"
    ),
    helpers=_words(
        "has had have also then later once even still already never not always often just only repeatedly"
        " famously reportedly recently publicly simply now first again did does is was are were be been may might"
        " will would could can must previously quickly"
    ),
)
RUSSIAN = ReportingLanguage(
    verbs=_words(
        "сказал сказала сказали сказано говорит говорят говорил говорила говорили говорится заявил заявила"
        " заявили заявляет отметил отметила отметили отмечает отмечается отмечают добавил добавила добавили"
        " сообщил сообщила сообщили сообщает сообщается сообщило подчеркнул подчеркнула подчеркнули подчеркивает"
        " подчеркивается рассказал рассказала рассказали рассказывает пояснил пояснила пояснили поясняет объяснил"
        " объяснила написал написала пишет пишут считает считают полагает уверен уверена цитирует цитируют"
        " передает признался призналась признал ответил ответила спросил спросила напомнил напомнила назвал"
        " назвала называет указал указала указывает указывается констатировал утверждает утверждал предупредил"
        " предупредила пообещал обещал уточнил уточнила уточнили заверил заключил резюмировал возразил воскликнул"
        " процитировал продолжил"
        # Belarusian
        " сказаў кажа кажуць казаў казала гаворыць гаворыцца заявіў заявіла заявілі адзначыў адзначыла адзначылі"
        " адзначае адзначаецца дадаў дадала дадалі паведаміў паведаміла паведамілі паведамляе паведамляецца"
        " падкрэсліў падкрэсліла падкрэслівае распавёў распавяла распавядае расказаў расказала патлумачыў"
        " патлумачыла тлумачыць напісаў напісала піша лічыць лічаць упэўнены адказаў адказала спытаў запытаў"
        " нагадаў нагадала назваў назвала называе канстатаваў канстатавала сцвярджае папярэдзіў перадае цытуе"
        " мяркуе прызнаўся успамінае ўспамінае"
        # Ukrainian
        " сказав сказала каже кажуть казав говорить йдеться заявив заявила заявили зазначив зазначила зазначили"
        " зазначає додав додала повідомив повідомила повідомили повідомляє підкреслив підкреслила наголосив"
        " наголосила наголошує розповів розповіла розповідає пояснив пояснила пояснює написав написала пише вважає"
        " вважають відповів відповіла запитав нагадав нагадала назвав назвала стверджує попередив запевнив"
        " наголосили розповіли"
    ),
    stops=_words(
        "в во на по о об с со из от для за при к ко у до под над через после перед и а но что который которая"
        " которые журналистам когда чтобы как если ў і ды пры пра ад каб які якая якія што пасля падчас"
        " журналістам калі як із зі від та й але який яка які що під час журналістам після коли"
    ),
    helpers=_words("также уже не ранее тоже затем таксама раней ня яшчэ ужо ўжо також вже раніше потім при этом"),
)
SPANISH = ReportingLanguage(
    verbs=_words(
        "dijo dice dicen dijeron afirmó afirma afirman afirmaron señaló señala señalaron aseguró asegura aseguran"
        " aseguraron explicó explica explicaron añadió añade agregó agrega declaró declara declararon indicó"
        " indica manifestó manifiesta sostuvo sostiene subrayó subraya destacó destaca apuntó apunta recordó"
        " recuerda escribió escribe respondió responde contestó preguntó pregunta comentó comenta denunció"
        " denuncia insistió insiste advirtió advierte reconoció reconoce lamentó lamenta concluyó concluye"
        " calificó llamó llama expresó exclamó asegurado dicho afirmado señalado explicado declarado añadido"
    ),
    stops=_words("en a al por para con cuando tras durante que quien ante desde sobre y pero como si según"),
    helpers=_words("ha han había también no se lo le les"),
)
CATALAN = ReportingLanguage(
    verbs=_words(
        "dit dir diu diuen afirmat afirmar afirma assegurat assegurar assegura explicat explicar explica afegit"
        " afegir afegeix assenyalat assenyalar assenyala declarat declarar declara remarcat remarcar remarca"
        " subratllat subratlla recordat recordar recorda escrit escriu respost respondre respon lamentat lamentar"
        " lamenta conclòs conclou insistit insistir insisteix advertit advertir adverteix denunciat denuncia"
        " qualificat reconegut reconeix apuntat apunta manifestat defensat"
    ),
    stops=_words("en a al als per amb quan després durant que qui davant des sobre i però com si segons"),
    helpers=_words("ha han va van havia també no ho li els"),
)
FRENCH = ReportingLanguage(
    verbs=_words(
        "dit disent déclaré déclare déclarent affirmé affirme affirment expliqué explique expliquent ajouté"
        " ajoute assuré assure souligné souligne estimé estime indiqué indique précisé précise écrit raconte"
        " raconté répondu répond lancé lance martelé martèle rappelé rappelle regretté regrette dénoncé dénonce"
        " reconnu reconnaît insisté insiste confié confie demandé demande conclu conclut poursuivi poursuit"
        " qualifié prévenu promis soupire s'exclame"
    ),
    stops=_words("en à au aux dans par pour avec quand après lors que qui devant depuis sur et mais comme si selon"),
    helpers=_words("a ont avait aussi ne pas s est l"),
)
GERMAN = ReportingLanguage(
    verbs=_words(
        "sagte sagt sagten sagen erklärte erklärt erklärten betonte betont meinte meint schrieb schreibt"
        " schreiben fügte fügt berichtete berichtet warnte warnt forderte fordert kritisierte kritisiert nannte"
        " nennt bezeichnete bezeichnet antwortete antwortet fragte fragt rief ruft versicherte behauptete"
        " behauptet ergänzte ergänzt erzählte erzählt teilte räumte gesagt findet lobte mahnte"
    ),
    stops=_words(
        "in im am an auf bei zu zum nach vor mit als wenn während der-zeitung dass und aber wie ob laut gegenüber"
        " über montag dienstag mittwoch donnerstag freitag samstag sonntag dem hinzu mit"
    ),
    helpers=_words("hat haben hatte auch nicht sich dazu"),
)
MALAY = ReportingLanguage(
    verbs=_words(
        "kata berkata katanya ujar ujarnya jelas jelasnya menjelaskan tegas tegasnya menegaskan dakwa dakwanya"
        " mendakwa tambah tambahnya menambah soal soalnya menurutnya akuinya luahnya memberitahu menyatakan"
        " menyifatkan mengumumkan menulis tulis tulisnya ungkap ungkapnya seru serunya pesan pesannya cerita"
        " ceritanya bercerita memaklumkan bidas bidasnya menyebut sindirnya berseloroh"
    ),
    stops=_words(
        "pada dalam ketika selepas kepada di semasa sambil yang bahawa dengan untuk dan tetapi sejurus sebelum"
        " oleh menerusi melalui sebagai mengenai lagi demikian hari semalam"
    ),
    helpers=_words("turut juga telah pula sudah"),
    personal=_words(
        "katanya ujarnya jelasnya tegasnya dakwanya tambahnya soalnya menurutnya akuinya luahnya tulisnya"
        " ungkapnya serunya pesannya ceritanya bidasnya sindirnya"
    ),
)
LANGUAGES = (ENGLISH, RUSSIAN, SPANISH, CATALAN, FRENCH, GERMAN, MALAY)

# ``sagen`` and similar verbs belong to the first language that lists them; the stop words differ little.
REPORTING_LANGUAGES = {verb: language for language in reversed(LANGUAGES) for verb in language.verbs}
IMPERSONAL = _words(  # with these verbs, the speaker follows ``in``: ``говорится в отчете``
    " говорится сказано сообщили рассказали пояснили заявили отметили отмечается отмечают сообщается уточнили"
    " добавили подчеркивается указывается гаворыцца паведамілі адзначаецца паведамляецца заявілі адзначылі йдеться"
    " повідомили заявили розповіли зазначили"
)
INSIDE = _words("в во ў у на")
ACCORDING = re.compile(
    r"\b(?:according to|in the words of|по словам|по мнению|согласно|по данным|паводле слоў|паводле|на думку|за словами"
    r"|menurut|según|segons|selon|d['’]après|laut|zufolge)\s+",
    re.IGNORECASE,
)
PRONOUNS = _words(
    "he she they it we i you who он она они я мы ён яна яны мы він вона вони dia beliau mereka él ella ellos ell"
    " ella il elle ils elles er sie es wir ich"
)
DETERMINERS = _words(
    "the a an his her their its our my one another some two three four many several this that every each no el la"
    " los las un una els les le der die das ein eine den l'"
)
CONJUNCTIONS = _words(
    "and but that which who while when because as if what where whether or than though so и а но что як што але"
    " що який yang bahawa dan que qui dass und"
)
PREPOSITIONS = _words(
    "in on at after before during to with by from under over into through against since until about asked"
)
PASSIVE = _words("is was are were be been being so")
ACCORDING_WORDS = _words(  # one of them is among the first three words of every match of `ACCORDING`
    "according words словам мнению согласно данным слоў паводле думку словами menurut según segons selon laut zufolge"
    " d'après d’après"
)
_TIMES = _words(
    "monday tuesday wednesday thursday friday saturday sunday today yesterday recently later reporters journalists"
    " журналистам журналістам марта мая студзеня лютага сакавіка красавіка траўня чэрвеня ліпеня жніўня верасня"
    " кастрычніка лістапада снежня січня лютого березня квітня травня червня липня серпня вересня жовтня листопада"
    " грудня"
)
_TIMES_BEGIN = ("янв", "февр", "апрел", "июн", "июл", "август", "сентябр", "октябр", "ноябр", "декабр")


def is_time(word: str) -> bool:
    """Whether a word in lower case states when, or to whom, somebody spoke: ``monday``, ``24``, ``reporters``."""
    return word in _TIMES or word.startswith(_TIMES_BEGIN) or (len(word) <= 2 and word.isdecimal())


_NAMED_THINGS = re.compile(  # nouns before a name in marks
    r"\b(?:film|movie|book|novel|song|album|show|series|magazine|newspaper|titled|entitled|headlined|called"
    r"|known as|dubbed|so-called|nicknamed|газет\w*|фильм\w*|фільм\w*|книг\w*"
    r"|партии|партия|партыя|партыі|конференци\w*|канферэнцы\w*|учения|проект\w*|праект\w*|программ\w*|праграм\w*|ооо|оао|зао|концерн\w*"
    r"|компани\w*|театр\w*|акци[яию]|агентств\w*|filem|buku|akhbar|program|bertajuk|bertema|konsep|película|libro|pel·lícula|llibre)\s*$",
    re.IGNORECASE,
)


def names_a_thing(before: str) -> bool:
    """Whether the words before a mark end with a noun that introduces a name: ``in the film “…”``."""
    words = before.rsplit(maxsplit=2)
    if not words:
        return False
    return _NAMED_THINGS.search(before if words[-1] in ("as", "As") else words[-1]) is not None
