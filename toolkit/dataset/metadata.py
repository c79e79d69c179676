"""What the Hub reads in the header of a card: licence, languages, size; checked without a network."""

import tomllib
from collections.abc import Iterable

from toolkit.configuration import nearest
from toolkit.workspace import CampaignConfig, packaged_workspace

# The licence ids of the Hub (https://huggingface.co/docs/hub/repositories-licenses, November 2026).
LICENCES = frozenset(
    """
apache-2.0 mit openrail bigscience-openrail-m creativeml-openrail-m bigscience-bloom-rail-1.0 bigcode-openrail-m afl-3.0
artistic-2.0 bsl-1.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear c-uda cc cc0-1.0 cc-by-2.0 cc-by-2.5 cc-by-3.0
cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0
cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cdla-sharing-1.0 cdla-permissive-1.0 cdla-permissive-2.0 wtfpl ecl-2.0
epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 agpl-3.0 gfdl gpl gpl-2.0 gpl-3.0 lgpl lgpl-2.1 lgpl-3.0 isc h-research
intel-research lppl-1.3c ms-pl apple-ascl apple-amlr mpl-2.0 odc-by odbl openmdw-1.0 openrail++ osl-3.0 postgresql
ofl-1.1 ncsa unlicense zlib pddl lgpl-lr deepfloyd-if-license fair-noncommercial-research-license llama2 llama3 llama3.1
llama3.2 llama3.3 llama4 grok2-community gemma unknown other
""".split()  # noqa: SIM905 - a list of names reads as text
)

# ISO 639-1, then the ISO 639-3 codes of languages that have no shorter one (those for which CLDR has a name).
LANGUAGES = frozenset(
    """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja
jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb
nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq
sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu

ace ach ada ady aeb afh agq ain akk akz ale aln alt ang ann anp apw arc arn aro arp arq ars arw ary arz asa ase
ast atj avk awa bal ban bar bas bax bbc bbj bej bem bew bez bfd bfq bgc bgn bho bik bin bjn bkm bla blo blt bpy
bqi bra brh brx bss bua bug bum byn byv cad car cay cch ccp ceb cgg chb chg chk chm chn cho chp chr chy cic ckb
clc cop cps crg crh crj crk crl crm crr crs csb csw dak dar dav del den dgr din dje doi dsb dtp dua dum dyo dyu
dzg ebu efi egl egy eka elx enm esu ewo ext fan fat fil fit fon frc frm fro frp frr frs fur gaa gag gan gay gba
gbz gez gil glk gmh goh gon gor got grb grc gsw guc gur guz gwi hai hak haw hax hif hil hit hmn hnj hsb hsn hup
hur iba ibb ikt ilo inh izh jam jbo jgo jmc jpr jrb jut kaa kab kac kaj kam kaw kbd kbl kcg kde kea kek ken kfo
kgp kha kho khq khw kiu kkj kln kmb koi kok kos kpe krc kri krj krl kru ksb ksf ksh kum kut kwk kxv lad lag lah
lam lez lfn lij lil liv lkt lld lmo lol lou loz lrc lsm ltg lua lui lun luo lus luy lzh lzz mad maf mag mai mak
man mas mde mdf mdr men mer mfe mga mgh mgo mic mid min mnc mni moe moh mos mrj mua mus mwl mwr mwv mye myv mzn
nan nap naq nds new nia niu njo nmg nnh nnp nog non nov nqo nso nus nwc nym nyn nyo nzi ojb ojc ojs ojw oka osa
ota pag pal pam pap pau pcd pcm pdc pdt peo pfl phn pis pms pnt pon pqm prg pro quc qug raj rap rar rej rgn rhg
rif rof rom rtm rue rug rup rwk sad sah sam saq sas sat saz sba sbp scn sco sdc sdh see seh sei sel ses sga sgs
shi shn shu sid sjd sje sju slh sli sly sma smj smn sms snk sog srn srr ssy stq str suk sus sux swb syc syr szl
tce tcy tem teo ter tet tgx tht tig tiv tkl tkr tlh tli tly tmh tog tok tpi tru trv trw tsd tsi ttm ttt tum tvl
twq tyv tzm udm uga umb vai vec vep vls vmf vmw vot vro vun wae wal war was wbp wuu xal xmf xnr xog yao yap yav
ybb yrl yue zap zbl zea zen zgh zun zza
""".split()  # noqa: SIM905 - a list of names reads as text
)

_SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"), (10**12, "100B<n<1T"),
)  # fmt: skip


def size_category(rows: int) -> str:
    """The size category of a number of rows.

    >>> size_category(999), size_category(1_000), size_category(2_000_000)
    ('n<1K', '1K<n<10K', '1M<n<10M')
    """
    return next((name for limit, name in _SIZES if rows < limit), "n>1T")


def licence_metadata(licence: str) -> tuple[str, str | None]:
    """The licence in the words of the Hub: an id of its list, or ``other`` and the name.

    >>> licence_metadata("CC-BY-4.0"), licence_metadata("Statistics Act, section 9")
    (('cc-by-4.0', None), ('other', 'Statistics Act, section 9'))
    """
    name = licence.strip()
    if name.lower() in LICENCES:
        return name.lower(), None
    return ("other", name) if name else ("unknown", None)


def language_metadata(languages: Iterable[str]) -> list[str]:
    """The languages that have an ISO 639 code, sorted; ``und`` and what is no code are left out.

    >>> language_metadata(["ru", "EN", "und", "klingon"])
    ['en', 'ru']
    """
    return sorted({language.lower() for language in languages} & LANGUAGES)


def gaps(campaign: CampaignConfig) -> list[str]:
    """What the owner of a campaign has yet to fill in before its dataset can leave the house.

    Returns:
        One sentence for each key of the campaign file that is empty or still holds the text of the template, for a
        licence that the Hub does not know, and for a target that says neither which country's it is nor who it was.
    """
    file = campaign.file
    template = tomllib.loads((packaged_workspace() / "schemas" / "campaign.toml").read_text(encoding="utf-8"))
    is_template = file.description == template["description"] or file.description.startswith("Say here")
    sentences = []
    if is_template or not file.description.strip():
        sentences.append("`description`: say where the articles are from, who selected them and why")
    if file.licence.strip().lower() in ("", "unknown"):
        sentences.append("`licence`: name the licence of the labels by its id on the Hub, such as cc-by-4.0")
    elif file.licence.strip().lower() not in LICENCES:
        close = nearest(file.licence.lower().replace(" ", "-"), sorted(LICENCES)).split(";")[0]
        hint = f"; {close}" if close.startswith("nearest") else ""
        sentences.append(
            f"`licence`: {file.licence!r} is no id of the Hub{hint}; the card calls it 'other' and names it"
        )
    unnamed = (
        target.id
        for target in campaign.targets.targets
        if target.id in file.targets and target.country is None and not target.periods and target.kind == "government"
    )
    sentences += [f"`targets`: {name!r} says neither which government it is nor who governed when" for name in unnamed]
    return sentences
