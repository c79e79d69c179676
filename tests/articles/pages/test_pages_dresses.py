"""One article in the dresses that publishers' systems give it; every page is written for this test."""

import pytest

from toolkit.articles.pages.extraction import body_paragraphs, read_page

TITLE = "Old bridge of Port Selm will close until the spring"
PROSE = [
    "The council of Port Selm voted on Monday to close the old bridge for repairs that will last until the spring.",
    "Traders on both banks said that they had not been asked, and that the ferry could not carry all of their goods.",
    "The mayor answered that the bridge had been unsafe for years and that nobody would be left without any help.",
    "Work is to begin on the first of the month, when the last of the harvest has been brought over to the mills.",
    "A second ferry has been hired from the town of Lower Merrow and is expected at the northern quay on Friday.",
]
OTHER = [
    "The harbour of Lower Merrow froze for the first time in thirty years, and children walked out to the light.",
    "Fishermen who had left their boats in the water spent the whole of Sunday cutting them free with long saws.",
    "The ice is expected to hold until Thursday, when a warmer wind from the south is forecast by the station.",
]
READERS = [
    "I have been saying this for years and nobody in the town hall ever listened to a single word of what I said!",
    "My father worked on that bridge and he told us that it would outlast all of us, and now look at what they did.",
    "What about the school bus? It crosses the river four times a day and nobody has said a word about it so far.",
    "They should have built the new bridge when there was money for it, which is to say in my grandmother's time.",
    "The ferry is free for those who live here, so I do not see what all of this shouting is supposed to be about.",
    "Perhaps somebody could ask the people of the north bank for once before a decision is taken in the south.",
    "I will be glad of the quiet, to be honest, because the carts go past my window at five in the morning.",
    "Nobody reads the reports that the engineers write, and then everybody is surprised when a bridge gives way.",
]


def ps(texts, tag="p", given=""):
    return "\n".join(f"<{tag}{given}>{text}</{tag}>" for text in texts)


def page(body, head="", lang="en"):
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{TITLE} - The Selmara Gazette</title>'
        f'<meta property="og:title" content="{TITLE}">{head}</head><body>{body}</body></html>'
    )


WORDPRESS = page(
    f"""<div id="page" class="site has-sidebar"><header class="site-header"><nav class="main-navigation"><ul>
    <li><a href="/">Home</a></li><li><a href="/w">World</a></li></ul></nav></header>
    <div id="primary" class="content-area"><main id="main"><article id="post-7" class="post type-post status-publish">
    <header class="entry-header"><h1 class="entry-title">{TITLE}</h1><div class="entry-meta">Posted on
    <a href="/d"><time datetime="2024-03-01">March 1, 2024</time></a> by <a href="/a">A. Writer</a></div></header>
    <div class="entry-content"><p>{PROSE[0]}</p><p>{PROSE[1]} <img class="emoji" src="x.svg" alt=""></p>
    <div class="wp-block-group related-inline"><p><a href="/x">Ice in the harbour for the first time in years</a></p>
    <p>{OTHER[0]}</p></div>{ps(PROSE[2:])}
    <div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li><a href="#">Print</a></li></ul></div>
    <div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3><p>{OTHER[1]}</p></div></div>
    <footer class="entry-footer">Posted in <a href="/c">World</a></footer></article>
    <div id="comments" class="comments-area"><ol class="commentlist">{ps(READERS[:2], "li")}</ol></div></main></div>
    <aside id="secondary" class="widget-area"><p>{OTHER[2]}</p></aside></div>"""
)
DRUPAL = page(
    f"""<div class="dialog-off-canvas-main-canvas"><div class="region region-content">
    <div class="node node--type-article">
    <h1>{TITLE}</h1>    <div class="field field--name-body field__item">{ps(PROSE)}</div>
    <div class="field field--name-field-tags"><a href="/t">bridges</a></div></div></div>
    <div class="region region-sidebar-second">
    <div class="block"><h2>Latest news</h2>{ps(OTHER[:2])}</div></div></div>"""
)
AMP = page(
    f"""<amp-sidebar id="s" layout="nodisplay"><ul><li><a href="/">Home</a></li></ul></amp-sidebar><article>
    <h1>{TITLE}</h1><amp-img src="a.jpg" width="3" height="2"></amp-img>{ps(PROSE[:2])}
    <amp-ad type="x"><p>{OTHER[0]}</p></amp-ad>{ps(PROSE[2:])}
    <amp-social-share type="email"></amp-social-share></article>"""
)
BLOGGER = page(
    f"""<div class="blog-posts hfeed"><div class="date-outer"><h2 class="date-header">Friday, March 1, 2024</h2>
    <div class="post hentry"><h3 class="post-title">{TITLE}</h3><div class="post-body entry-content">
    <div class="separator"><a href="b.jpg"><img src="b.jpg"></a></div>{"<br><br>".join(PROSE)}
    <div style="clear: both;"></div></div><div class="post-footer">Posted by A. Writer at 10:00 AM</div></div></div>
    <div class="comments" id="comments"><h4>2 comments:</h4>{ps(READERS[:2])}</div></div>
    <div class="sidebar"><h2>About me</h2><p>{OTHER[0]}</p></div>"""
)
TABLES = page(
    f"""<table width="100%"><tr><td colspan="2"><a href="/">The Selmara Gazette</a></td></tr><tr>
    <td width="160" valign="top"><a href="/1">World</a><br><a href="/2">Sport</a><br>{OTHER[0]}</td>
    <td valign="top"><font size="4"><b>{TITLE}</b></font>{ps(PROSE)}</td></tr>
    <tr><td colspan="2">Contact the editors at the old customs house on the quay of Port Selm.</td></tr></table>"""
)
WORD = page(
    "<div class='article-text'>"
    + "".join(
        f"<p class=MsoNormal><span>{text.replace(' ', ' <o:p></o:p>', 1)}</span><o:p>&nbsp;</o:p></p>" for text in PROSE
    )
    + "</div>"
)
PIECES = page(
    f"<main><h1>{TITLE}</h1>"
    + "".join(
        f"<div class='paragraph-wrapper'><section class='component text'><p>{text}</p></section></div>"
        for text in PROSE
    )
    + f"<div class='mostRead'>{ps(OTHER)}</div></main>"
)
ENDLESS = page(
    f"""<div class="feed"><article class="story"><h1>{TITLE}</h1><div class="story-body">{ps(PROSE)}</div></article>
    <article class="story"><h1>Harbour freezes</h1><div class="story-body">{ps(OTHER * 3)}</div></article>
    <article class="story"><h1>Ice holds</h1><div class="story-body">{ps(OTHER * 2)}</div></article></div>"""
)
LIVE = page(
    f"""<main><h1>{TITLE}</h1><div class="live-blog">
    <article class="entry"><h2>Council votes</h2>{ps(PROSE[:3])}</article>
    <article class="entry"><h2>Work begins</h2>{ps(PROSE[3:4])}</article>
    <article class="entry"><h2>Second ferry</h2>{ps(PROSE[4:])}</article></div></main>"""
)
LOUD = page(
    f"""<div id="wrap"><h1>{TITLE}</h1><div class="txt">{ps(PROSE)}</div>
    <div id="comments" class="comments">{ps(READERS * 2)}</div></div>"""
)
RESPONSIVE = page(
    f"""<div class="row"><div class="col-md-8 hidden-print no-ads"><h1>{TITLE}</h1>{ps(PROSE[:3])}</div></div>
    <div class="row"><div class="col-md-8 without-sidebar">{ps(PROSE[3:])}</div></div>"""
)
HIDDEN = page(
    f"""<article><h1>{TITLE}</h1>{ps(PROSE[:3])}<div style="display: none"><p>{OTHER[0]}</p></div>
    <div hidden><p>{OTHER[1]}</p></div>{ps(PROSE[3:])}</article>"""
)
SPANISH = page(
    f"""<div class="cuerpo"><h1>{TITLE}</h1>{ps(PROSE[:2])}<div class="noticias-relacionadas">{ps(OTHER[:1])}</div>
    <p><b>Lee también:</b> <a href="/x">Otra noticia del puerto</a></p>{ps(PROSE[2:])}
    <div class="etiquetas"><p>{OTHER[1]}</p></div><div class="comentarios">{ps(READERS)}</div></div>"""
)
ARTICLE_AND_SIDEBAR = page(
    f"""<div class="container"><div class="details"><h1>{TITLE}</h1><span class="date">12/03/2024</span>
    <div id="body">{ps(PROSE)}</div></div><div class="sidebar">{ps(READERS)}</div></div>"""
)
DIVISIONS = page(
    f"""<div class="wrap"><h1>{TITLE}</h1><div class="c">{ps(PROSE, "div")}</div><div class="s">{ps(OTHER[:1], "div")}
    </div></div>"""
)
QUOTED = page(f"<blockquote><blockquote>{ps(PROSE)}</blockquote></blockquote>")
UNCLOSED = page(f"<nav><ul><li><a href='/'>Home</a><div class='content'><h1>{TITLE}</h1>{ps(PROSE)}")
FORM = page(
    f"<form><div class='menu'><a href='/x'>x</a></div><div class='story'><h1>{TITLE}</h1>{ps(PROSE)}</div></form>"
)
SPLIT = page(
    f"""<article><h1>{TITLE}</h1><div class="article-body">{ps(PROSE[:4])}</div><div class="ad-slot">Advertisement</div>
    <div class="article-body">{ps(PROSE[4:])}</div></article>"""
)
CARDS = page(
    f"""<main><article><h1>{TITLE}</h1>{ps(PROSE[:3])}<article class="card"><h3><a href="/x">Ice</a></h3>{ps(OTHER[:1])}
    </article>{ps(PROSE[3:])}</article>
    <article class="card"><h3><a href="/y">Ice</a></h3>{ps(OTHER[1:])}</article></main>"""
)
HIDDEN_BODY = page(
    f"<div id='app' style='display:none'><h1>{TITLE}</h1>{ps(PROSE)}</div><p>Please enable JavaScript to read.</p>"
)
COOKIES = page(
    f"""<div id="consent-sdk">{ps(OTHER)}</div><div role="dialog" class="cookies">{ps(READERS[:3])}</div>
    <div class="p"><h1>{TITLE}</h1><div class="q">{ps(PROSE)}</div></div>"""
)
CALLS = page(
    f"""<article><h1>{TITLE}</h1>{ps(PROSE[:2])}<p><strong>READ MORE: <a href="/x">Harbour freezes over</a></strong></p>
    <p>Related: <a href="/x">Harbour freezes</a></p>{ps(PROSE[2:])}<p>Share this with your friends</p><p>Comments</p>
    <p class="copyright">The Gazette owns all rights to what stands on this page, and to the pictures on it.</p>
    <ul><li>More: <a href="/x">Harbour freezes over for once</a></li></ul></article>"""
)
DRESSES = {
    name: value for name, value in list(globals().items()) if isinstance(value, str) and value.startswith("<!DOCTYPE")
}


@pytest.mark.parametrize("dress", DRESSES)
def test_the_article_is_the_same_in_every_dress(dress):
    assert [
        text for text in body_paragraphs(read_page(DRESSES[dress], None)) if text in PROSE + OTHER + READERS
    ] == PROSE


@pytest.mark.parametrize("dress", DRESSES)
def test_nothing_stands_beside_the_article_but_its_headings(dress):
    found = [block for block in read_page(DRESSES[dress], None).blocks if block.text not in PROSE]
    assert {block.role for block in found} <= {"headline", "subhead", "byline"}, found


GALLERY = f"""<article><h1>{TITLE}</h1><p class="byline">By A. Writer</p><p>{PROSE[0]}</p><p><img src="a.jpg"></p>
<p>The bridge in the year of the flood</p><p>{PROSE[1]}</p><p>Photo: The Selmara Gazette</p>
<figure><img src="b.jpg"><figcaption>The ferry</figcaption></figure><p>{PROSE[2]}</p>
<p>Reporting by B. Reporter; editing by C. Editor</p></article>"""


def test_lines_under_pictures_are_captions_and_lines_about_those_who_worked_on_it_credits():
    found = [(block.role, block.text) for block in read_page(page(GALLERY), None).blocks]
    assert found == [
        ("headline", TITLE),
        ("body", PROSE[0]),
        ("caption", "The bridge in the year of the flood"),
        ("body", PROSE[1]),
        ("credit", "Photo: The Selmara Gazette"),
        ("caption", "The ferry"),
        ("body", PROSE[2]),
        ("credit", "Reporting by B. Reporter; editing by C. Editor"),
    ]


ARABIC = [
    "أعلن مجلس مدينة سلم يوم الاثنين إغلاق الجسر القديم لإجراء إصلاحات تستمر حتى الربيع المقبل.",
    "قال التجار على الضفتين إن أحدا لم يسألهم، وإن العبارة لا تستطيع أن تحمل كل بضائعهم عبر النهر.",
    "أجاب رئيس البلدية بأن الجسر غير آمن منذ سنوات وأن أحدا لن يترك من دون مساعدة في هذه الفترة.",
]
CHINESE = [
    "塞尔姆港市议会星期一投票决定关闭旧桥进行维修，工程将持续到明年春天，届时桥梁将重新向所有车辆开放。",
    "两岸的商人表示没有人征求过他们的意见，而渡轮也无法运载他们所有的货物，冬天的生意将会受到很大的影响。",
    "市长回答说，这座桥多年来一直不安全，在工程进行期间任何人都不会得不到帮助，第二艘渡轮将于星期五抵达。",
]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (
            f"<div id='body'>{ps(ARABIC)}</div><h3>اقرأ أيضا</h3><ul><li><a href='/x'>{ARABIC[0][:40]}</a></li></ul>",
            ARABIC,
        ),
        (
            "<table><tr><td>首页</td></tr><tr><td>"
            + "<br>".join("\u3000\u3000" + t for t in CHINESE)
            + "</td></tr></table>",
            CHINESE,
        ),
        (f"<div class='article'>{ps(CHINESE)}<p class='editor'>责任编辑：王</p><p>延伸阅读</p></div>", CHINESE),
        (f"<div id='honbun'><p>{CHINESE[0]}<br><br>{CHINESE[1]}</p><p>{CHINESE[2]}</p><p>広告</p></div>", CHINESE),
    ],
)
def test_pages_in_other_scripts_are_read_alike(body, texts):
    assert body_paragraphs(read_page(page(body), None)) == texts
