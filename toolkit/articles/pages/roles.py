"""Assignment of roles to the article's blocks, each once and in page order."""

import re
from collections.abc import Iterable

from msgspec import Struct

from toolkit.articles.pages.blocks import Block, Tree, words
from toolkit.articles.pages.body import ArticlePlace, ends_like_a_sentence
from toolkit.records import Role

_LETTER = re.compile(r"[^\W\d_]")
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_PARAGRAPHS = words("p blockquote pre li td th figcaption dd dt") | _HEADINGS
_CELL = 120  # characters; a table row with shorter cells is one line
_LEADS_AWAY = 0.2  # minimum linked share of each item's text in a list of other articles
_LABEL = 40  # characters; a shorter text outside paragraphs is a label of the page
# Common phrases that introduce content outside the article; applied to short blocks only.
_CALL = re.compile(
    r"\W{0,3}(?:sponsored (?:by|content)|read (?:more|also|next)|see also|also read|share (?:this|on|it)"
    r"|sharing is caring|sign up|subscribe|follow (?:us|me)|like (?:this|us on)|click here (?:to|for)"
    r"|you (?:may|might) also like|recommended (?:for you|reading|stories)|all rights reserved|this slideshow requires"
    r"|loading\.\.\.|please enable javascript|(?:estimated )?reading time|filed under|tagged (?:with|under)"
    r"|(?:leave|post|add) a (?:comment|reply)"
    r"|lee (?:también|además)|lea también|leer más|ver también|te puede interesar|síguenos|suscríbete"
    r"|leia (?:também|mais)|veja também|saiba mais|tempo de leitura|siga-nos"
    r"|lire aussi|à lire|lire (?:également|la suite)|voir aussi|abonnez-vous|suivez-nous"
    r"|lesen sie (?:auch|mehr)|mehr zum thema|auch interessant|lesezeit"
    r"|leggi anche|leggi tutto|seguici su|lees (?:ook|meer)|læs også|les også|läs också"
    r"|czytaj (?:też|także|również)|zobacz (?:też|także)|čtěte (?:také|více)|olvasta már|citește și|citiți și"
    r"|читайте (?:также|ещё|еще)|смотрите также|подписывайтесь|читайте також|підписуйтесь|чытайце таксама"
    r"|baca (?:juga|selengkapnya)|xem thêm|ayrıca okuyun|اقرأ أيضا|إقرأ أيضا|اقرأ المزيد|شاهد أيضا"
    r"|関連記事|あわせて読みたい|相关阅读|相关新闻|延伸阅读|延伸閱讀|相關新聞|관련기사)(?![^\W_])"
    r"|\W{0,3}(?:related(?: \w+)?|more|recommended|tags?|categor(?:y|ies)|etiquetas|schlagwörter|теги|метки) ?:"
    r"|copyright (?:©|\(c\)|\d)|©",
    re.IGNORECASE,
)
# Words that form a block of their own outside the article.
_CHROME = words(
    "comments comment caption close share tweet print email advertisement advertising publicidad compartir publicidade "
    "compartilhe publicité partager anzeige werbung teilen pubblicità condividi advertentie reklama reklam реклама "
    "поделиться iklan إعلان 広告 广告 廣告 광고"
)
# Credits: contributors, sources and picture rights.
_CREDIT = re.compile(
    r"\W*(?:(?:additional |with )?(?:reporting|writing|editing) by\b|.{3,160}\bcontributed (?:to|reporting)\b"
    r"|(?:photos?|pictures?|images?|fotos?|bild(?:er)?|imagen|imagem|imagens|gambar|фото|снимок|здымак|写真|사진|图|圖)"
    r"(?: (?:by|credit|courtesy of))? ?[:：/|]"
    r"|(?:responsible editor|责任编辑|責任編輯|编辑|責編|来源|來源|fuente|fonte|quelle|источник|джерело|крыніца)"
    r" ?[:：])",
    re.IGNORECASE,
)
_CREDIT_SIZE = 300
_BYLINE = re.compile(
    r"(?:by|von|por|par|di|door|av|af|przez|oleh|автор|текст|written by|posted by|published|updated|posted|publicado"
    r"|publié|veröffentlicht|pubblicato|опубликовано|diterbitkan)[\s:]+\S",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?=.*\b(?:19|20)\d\d\b)(?=.*\b\d{1,2}[:.]\d\d\b)|\W*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")
_BYLINE_SIZE = 120
_UNDER_A_PICTURE = 160  # characters; a shorter text after a picture that is no sentence is its caption
_CALL_SIZE = 160
_MARKUP = re.compile(r"\s*<[a-z].*>\s*$", re.IGNORECASE | re.DOTALL)


class Piece(Struct, frozen=True, kw_only=True):
    """A block of the article; pieces of one ``group`` (a list, a table) are on consecutive lines."""

    role: Role
    text: str
    group: int = -1


def pieces_of(tree: Tree, place: ArticlePlace, headline: Block | None) -> list[Piece]:
    """Return the parts of the article: headline, surrounding captions, then all blocks up to the last paragraph."""
    if headline is not None and headline.element >= tree.elements[place.root].end:
        headline = None
    lead = _lead(tree, place.root, headline)
    end = tree.elements[place.root].end
    above = headline is not None and place.root <= headline.element and headline.element not in place.skipped
    blocks = []
    for block in tree.blocks:
        if block is headline:
            above = False
            blocks.append(block)
        elif lead <= block.element < end and block.element not in place.skipped:
            body = block.element >= place.root and not above
            if body or tree.elements[block.element].around.caption > lead:
                blocks.append(block)
    return _trimmed(list(_pieces(tree, (place.root, lead), _without_last_links(tree, place.root, blocks), headline)))


def _without_last_links(tree: Tree, root: int, blocks: list[Block]) -> list[Block]:
    """Remove final lists in which every item has a link: they lead to other articles."""
    end = len(blocks)
    while end and (last := tree.elements[blocks[end - 1].element].around.lists) > root:
        start = end
        while start and tree.elements[blocks[start - 1].element].around.lists == last:
            start -= 1
        if any(block.linked < _LEADS_AWAY * len(block.text) for block in blocks[start:end]):
            break
        end = start
    return blocks[:end]


def _lead(tree: Tree, root: int, headline: Block | None) -> int:
    """Return the innermost element that contains the article and its headline."""
    if headline is None:
        return root
    around = tree.chain(root)
    return next((place for place in around if place <= headline.element < tree.elements[place].end), root)


def _pieces(tree: Tree, within: tuple[int, int], blocks: list[Block], headline: Block | None) -> Iterable[Piece]:
    root, lead = within
    menus = _lists_of_links(tree, root, blocks)
    telling = {block.element for block in blocks if len(block.text) >= _LABEL}
    row, cells = -1, list[str]()
    begun = False
    for block in blocks:
        element = tree.elements[block.element]
        in_row = (
            element.around.row
            if element.around.row > root and element.tag in ("td", "th") and len(block.text) < _CELL
            else -1
        )
        if in_row != row and cells:
            yield Piece(role="list", text=" ".join(cells), group=tree.elements[row].around.table)
            cells = []
        row = in_row
        if row >= 0:
            cells.append(block.text)
        elif block is headline:
            yield Piece(role="headline", text=block.text)
        elif not _is_noise(tree, block, menus, telling):
            role = _role(tree, root, lead, block)
            role = "byline" if role == "body" and not begun and _is_byline(block.text) else role
            begun = begun or role == "body"
            yield Piece(role=role, text=block.text, group=_group(element.around.lists, root))
    if cells:
        yield Piece(role="list", text=" ".join(cells), group=tree.elements[row].around.table)


def _group(place: int, root: int) -> int:
    return place if place > root else -1


def _lists_of_links(tree: Tree, root: int, blocks: list[Block]) -> set[int]:
    linked: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for block in blocks:
        place = tree.elements[block.element].around.lists
        if place > root:
            linked[place] = linked.get(place, 0) + block.linked
            sizes[place] = sizes.get(place, 0) + len(block.text)
    return {place for place, size in sizes.items() if linked[place] > 0.6 * size}


def _is_noise(tree: Tree, block: Block, menus: set[int], telling: set[int]) -> bool:
    text, element = block.text, tree.elements[block.element]
    if not _LETTER.search(text) or element.around.lists in menus or block.linked >= 0.9 * len(text):
        return True
    if len(text) < _CALL_SIZE and (
        _CALL.match(text) or _MARKUP.match(text) or text.lower().strip("-—–:[]( )") in _CHROME
    ):
        return True
    if element.tag in _PARAGRAPHS or block.element in telling:
        return False
    return len(text) < _LABEL and not ends_like_a_sentence(text)


def _role(tree: Tree, root: int, lead: int, block: Block) -> Role:
    element = tree.elements[block.element]
    if element.around.caption > lead:
        return "caption"
    if element.tag in _HEADINGS:
        return "subhead"
    if element.around.lists > root:
        return "list"
    if element.around.quote > root:
        return "quote"
    if len(block.text) < _CREDIT_SIZE and _CREDIT.match(block.text):
        return "credit"
    if ends_like_a_sentence(block.text):
        return "body"
    if block.pictured and len(block.text) < _UNDER_A_PICTURE:
        return "caption"
    bold = block.bold >= 0.95 * len(block.text) and len(block.text) < 100
    return "subhead" if bold else "body"


def _is_byline(text: str) -> bool:
    """Return whether a line before the first paragraph states the author or the date."""
    short = len(text) < _BYLINE_SIZE and not ends_like_a_sentence(text)
    return short and (_BYLINE.match(text) or _DATED.match(text)) is not None


def _trimmed(pieces: list[Piece]) -> list[Piece]:
    """Remove final subheads, which have no text below them."""
    while pieces and pieces[-1].role == "subhead":
        pieces.pop()
    return pieces
