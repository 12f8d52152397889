import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from recs.evaluation.charts import WIDTH, bar_chart, line_chart
from recs.evaluation.report import figure, render_report
from tests.evaluation.example_report import TITLES, document

VOID = {"meta", "br"}
PARTS = ["surfaces", "channels", "baselines", "intervals", "policies", "pools", "model_cards", "samples"]


class Page(HTMLParser):
    """Tags that are opened and closed in order, their attributes, and the text."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text, self.cells = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    def find(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def html():
    return render_report(document())


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_every_tag_is_closed(page):
    assert page.open == []


def test_the_page_needs_nothing_from_outside(html, page):
    assert not re.search(r"https?:|//\w|url\(|@import|javascript:", html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "image", "use"}
    assert not any(
        name in ("src", "srcset", "data") or name.startswith("on") for _, given in page.tags for name in given
    )


def test_titles_and_ids_are_text_not_markup(html, page):
    text = "".join(page.text)
    assert all(title in text for title in TITLES)
    assert "<b>2%" not in html
    assert "of shopper <i>7</i>" in text


def test_every_chart_has_a_text_of_its_own_and_every_table_has_headers(page):
    titles = {given["id"] for given in page.find("title") if "id" in given}
    charts = [given for given in page.find("svg") if given.get("aria-hidden") != "true"]
    assert [given["role"] for given in charts] == ["img"] * 5
    assert {given["aria-labelledby"] for given in charts} == titles
    assert all("scope" in given for given in page.find("th"))


def test_links_lead_to_a_part_of_the_page(page):
    ids = [given["id"] for _, given in page.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert {given["href"].removeprefix("#") for given in page.find("a")} <= set(ids)


def test_figures_are_those_of_the_document(page):
    text = " ".join("".join(page.text).split())
    assert "0.0335NDCG@10, 1.78 × popularity" in text  # .0335 / .0188
    assert "home of shopper 1031 – 2 of 10 bought" in text
    assert text.count("✓ bought") == 4
    assert "-2.0 %" in text  # .0342 before the policies, .0335 after
    assert "home minus popularity, new, ndcg@10" in text


def test_surfaces_stand_out_in_both_charts(page):
    bars = [given["class"] for given in page.find("rect") if given.get("height") == "18"]
    assert [bars.count(role) for role in ("surface", "channel", "baseline")] == [4, 14, 4]
    assert [given["class"] for given in page.find("path")] == ["whisker"] * 3  # the legend's and two intervals


def test_an_interval_around_another_figure_is_not_drawn_on_the_bar():
    given = document()
    given["intervals"]["home"]["new"]["ndcg@10"]["mean"] = 0.02
    assert len(Page(render_report(given)).find("path")) == 2


@pytest.mark.parametrize("part", PARTS)
def test_any_part_may_be_missing_or_empty(part):
    given = document()
    del given[part]
    assert Page(render_report(given)).open == []
    assert render_report(given | {part: {}}) == render_report(given)


def test_a_document_of_nothing_is_still_a_page():
    text = "".join(Page(render_report({"as_of_date": "2017-11-26"})).text)
    assert "Offline report, 2017-11-26" in text
    assert "Sample lists" not in text


def test_optional_fields_of_a_sample_row_may_be_missing():
    page = Page(render_report({"samples": [{"user_id": "1", "surface": "home", "rows": [{"title": "Mug"}]}]}))
    assert "Mug" in "".join(page.text)


def test_the_same_document_gives_the_same_bytes(html):
    assert render_report(document()) == html


def test_recall_of_one_pool_alone_is_drawn_from_the_plain_field():
    page = Page(render_report({"pools": {"recall": {"50": 0.1, "100": 0.2}}}))
    assert len(page.find("polyline")) == 1
    assert "0.2000" in "".join(page.text)


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (0.03351, "ndcg@10", "0.0335"),
        (1874, "users", "1,874"),
        (9.312, "novelty@20", "9.31"),
        (211.0, "", "211.00"),
        (None, "", "–"),
        (True, "", "True"),
    ],
)
def test_numbers_are_shown_by_their_kind(value, name, expected):
    assert figure(value, name) == expected


def test_bars_are_in_order_of_value_and_stay_in_the_picture():
    chart = bar_chart(
        [("low", "channel", 0.1, None), ("high", "surface", 0.29, (0.28, 0.31)), ("b", "channel", 0.1, None)]
    )
    assert [bar.label for bar in chart.bars] == ["high", "b", "low"]
    assert [tick.text for tick in chart.ticks] == ["0.0", "0.1", "0.2", "0.3", "0.4"]
    assert chart.bars[0].width == pytest.approx(2.9 * chart.bars[1].width)
    assert chart.bars[0].whisker[1] < chart.ticks[-1].at < WIDTH


@pytest.mark.parametrize("values", [[], [0.0], [0.0, 0.0]])
def test_charts_of_nothing_are_empty_not_errors(values):
    assert bar_chart([(str(n), "channel", value, None) for n, value in enumerate(values)]).height > 0
    assert len(line_chart({str(n): {50.0: value} for n, value in enumerate(values)}).lines) == len(values)


def test_names_at_line_ends_do_not_overlap():
    chart = line_chart({"a": {50: 0.1, 100: 0.2}, "b": {50: 0.1, 100: 0.2}, "c": {100: 0.201}})
    ys = sorted(line.name_y for line in chart.lines)
    assert all(lower - upper >= 16 for upper, lower in pairwise(ys))
