"""Draw a page of charts from the dbt models: one HTML file that opens without a network.

`make report DATABASE=demo/tiktok.duckdb` builds the models in a DuckDB file that the connector filled, and writes
`report.html` beside it. Each chart has a sentence that says what it shows, and what to mind when reading it. An account
that has nothing for a chart gets a sentence instead.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import vl_convert

PAGE = Path(__file__).with_name("report_page.html")
PAID = "Views, likes and comments that were paid for are included: TikTok does not tell them apart."
NOT_KNOWN = "not known"
# Dates are UTC, also where the reader's clock is behind.
DAY = alt.X("utcyearmonthdate(metric_date):T", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True))
DATE = alt.Tooltip("utcyearmonthdate(metric_date):T", title="day", format="%Y-%m-%d")
WAITING = "status = 'PUBLIC' AND NOT is_owner AND NOT is_reply AND NOT is_answered"
WEEKDAYS = ["", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


@dataclass(frozen=True)
class Figure:
    """A part of the page: what it shows in a sentence, charts or a table of HTML, and what to mind."""

    title: str
    says: str
    charts: Sequence[alt.TopLevelMixin] = field(default_factory=list)
    table: str = ""
    mind: str = ""


@dataclass(frozen=True)
class Account:
    """The models' rows of one account."""

    connection: duckdb.DuckDBPyConnection
    business_id: str

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query that names the account as `$account`; dates as text."""
        cursor = self.connection.execute(query, {"account": self.business_id})
        names = [column[0] for column in cursor.description or []]
        return [
            {name: str(value) if hasattr(value, "isoformat") else value for name, value in zip(names, row, strict=True)}
            for row in cursor.fetchall()
        ]

    def row(self, query: str) -> dict[str, Any]:
        """The only row of a query."""
        (row,) = self.rows(query)
        return row

    def is_of_login_kit(self) -> bool:
        """Whether it comes from Login Kit, which tells less."""
        posts = "SELECT count(*) AS posts FROM stg_tiktok_organic__videos WHERE business_id = $account"
        return not self.row(posts)["posts"]


def number(value: float | None) -> str:
    """A number for a sentence: 1,234 or "an unknown number of"."""
    return "an unknown number of" if value is None else f"{value:,.0f}"


def percent(value: float | None) -> str:
    """A fraction for a sentence: "4.2 %", or "not known"."""
    return NOT_KNOWN if value is None else f"{100 * value:.1f} %"


def shortened(caption: str | None) -> str:
    """A caption for a legend, which ends with a word."""
    text = " ".join((caption or "without a text").split())
    # A language without blanks is cut anywhere.
    end = text.rfind(" ", 22, 45)
    return text if len(text) <= 44 else f"{text[: end if end > 0 else 43]}…"


def named(rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Rows with `caption` and `published`, and what a legend calls their post."""
    return [{**row, "post": f"{shortened(row['caption'])}, {row['published']}"} for row in rows]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of HTML without the columns of which nothing is known. The first column is HTML, the others are text."""
    known = [place for place in range(len(head)) if any(row[place] != NOT_KNOWN for row in rows)]
    lines = "".join(
        "<tr>" + f"<td>{row[0]}" + "".join(f"<td data-name='{head[n]}'>{escape(row[n])}" for n in known[1:])
        for row in rows
    )
    return f"<table><thead><tr>{''.join(f'<th>{head[n]}' for n in known)}<tbody>{lines}</table>"


def chart(rows: Sequence[dict[str, Any]], height: int = 240) -> alt.Chart:
    """A chart of these rows, as wide as the page."""
    return alt.Chart(alt.InlineData(values=list(rows))).properties(width="container", height=height)


def bars(rows: Sequence[dict[str, Any]], label: str, value: str, title: str, axis: str = "%") -> alt.Chart:
    """Horizontal bars, the longest first."""
    found: alt.Chart = (
        chart(rows, height=26 * len(rows))
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format=axis, tickCount=5)),
            y=alt.Y(f"{label}:N", sort="-x", title=None, axis=alt.Axis(labelLimit=160)),
            tooltip=[alt.Tooltip(f"{label}:N"), alt.Tooltip(f"{value}:Q", format=axis)],
        )
    )
    return found


def curves(points: Sequence[dict[str, Any]], x: alt.X, value: str, title: str, axis: str) -> alt.Chart:
    """A line for each post."""
    found: alt.Chart = (
        chart(points, height=300)
        .mark_line(point={"size": 18}, strokeWidth=2.5)
        .encode(
            x,
            alt.Y(f"{value}:Q", title=title, axis=alt.Axis(format=axis)),
            alt.Color("post:N", title=None, legend=alt.Legend(orient="bottom", columns=1, labelLimit=320)),
            tooltip=["post:N", alt.Tooltip(f"{value}:Q", format=axis)],
        )
    )
    return found


def followers(account: Account) -> Figure:
    """Followers and views by day, or followers by sync where TikTok has no days."""
    known = account.rows(
        "SELECT metric_date, followers_count, video_views, coalesce(is_provisional, true) AS is_provisional "
        "FROM tiktok_organic__account_days WHERE business_id = $account AND followers_count IS NOT NULL ORDER BY 1"
    )
    days = [one for one in known if one["video_views"] is not None]
    has_days = len(days) > 1
    title = "Followers and views, day by day" if has_days else "Followers from sync to sync"
    points = days if has_days else known
    if not points:
        return Figure(title, "The numbers of followers are not synced.")
    if len(points) < 2:
        return Figure(title, "There is one sync so far. After the next one, this shows how followers grew.")
    complete = [one for one in points if not one["is_provisional"]] or points
    first, last = complete[0], complete[-1]
    tooltip = [DATE, alt.Tooltip("followers_count:Q", format=",")]
    line = (
        chart(points, height=170)
        .mark_line(strokeWidth=2.5, point=not has_days)
        .encode(DAY, alt.Y("followers_count:Q", title="followers", scale=alt.Scale(zero=False)), tooltip=tooltip)
    )
    went = f"followers went from {number(first['followers_count'])} to {number(last['followers_count'])}"
    if not has_days:
        return Figure(title, f"From {first['metric_date']} to {last['metric_date']}, {went}.", [line])
    views = (
        chart(days, height=170)
        .mark_bar()
        .encode(
            DAY,
            alt.Y("video_views:Q", title="views", axis=alt.Axis(format="~s")),
            opacity=alt.condition("datum.is_provisional", alt.value(0.4), alt.value(1)),
            tooltip=[DATE, alt.Tooltip("video_views:Q", format=",")],
        )
    )
    viewed = number(sum(one["video_views"] for one in complete[1:]))
    return Figure(
        title,
        f"From the end of {first['metric_date']} to the end of {last['metric_date']}, {went}, and videos were viewed "
        f"{viewed} times.",
        [line, views],
        mind=f"TikTok completes a day within 48 hours of its end. Days that are not complete are pale. {PAID}",
    )


def gained_and_lost(account: Account) -> Figure:
    """Followers that came and left."""
    title = "Followers gained and lost"
    known = account.rows(
        "SELECT metric_date, daily_new_followers AS gained, -daily_lost_followers AS lost, is_provisional "
        "FROM tiktok_organic__account_days WHERE business_id = $account AND daily_new_followers IS NOT NULL ORDER BY 1"
    )
    # The figure before counts from the end of the first day to that of the last complete one, so this one does too.
    complete = [one for one in known if not one["is_provisional"]] or known
    days = complete[1:]
    if not days:
        return Figure(title, "TikTok tells gained and lost followers of Business Accounts alone.")
    gained, lost = sum(x["gained"] for x in days), -sum(x["lost"] or 0 for x in days)
    drawn = (
        chart(known)
        .transform_fold(["gained", "lost"], as_=["what", "followers"])
        .mark_bar()
        .encode(
            DAY,
            alt.Y("followers:Q", title="followers"),
            alt.Color("what:N", title=None, scale=alt.Scale(domain=["gained", "lost"], range=["#1f9d88", "#d1495b"])),
            tooltip=[DATE, "what:N", alt.Tooltip("followers:Q", format=",")],
        )
    )
    return Figure(
        title,
        f"From the end of {complete[0]['metric_date']} to the end of {days[-1]['metric_date']}, {number(gained)} "
        f"followers came and {number(lost)} left.",
        [drawn],
        mind="Somebody who leaves and comes back counts twice.",
    )


def best_posts(account: Account) -> Figure:
    """The posts with the most views."""
    posts = account.rows(
        "SELECT create_time::DATE AS published, caption, permalink, video_views, engagement_rate, hook_rate, "
        "watched_share FROM tiktok_organic__posts WHERE business_id = $account AND video_views > 0 "
        "ORDER BY video_views DESC LIMIT 5"
    )
    if not posts:
        return Figure("The best posts", "This account has no public posts with views.")
    lines = [
        [
            f"<a href='{escape(str(post['permalink']))}'>{escape(post['caption'] or 'without a text')}</a>"
            f"<small>, {post['published']}</small>",
            number(post["video_views"]),
            *(percent(post[name]) for name in ("engagement_rate", "hook_rate", "watched_share")),
        ]
        for post in posts
    ]
    watched = any(post["watched_share"] is not None for post in posts)
    return Figure(
        "The best posts",
        f"The most viewed post has {number(posts[0]['video_views'])} views.",
        table=table(["post", "views", "engagement", "still there after 3 s", "watched"], lines),
        mind="Engagement is likes, comments and shares for each view. "
        + ("Watched is the average share of the video's length. " if watched else "")
        + PAID,
    )


def growth(account: Account) -> Figure:
    """How the posts grew from sync to sync."""
    title = "How posts grow from sync to sync"
    best = account.rows(
        "SELECT item_id, any_value(caption) AS caption, any_value(p.create_time)::DATE AS published, "
        "sum(video_views_gained) AS views, min(counted_from) AS since, "
        "sum(video_views_gained) FILTER (metric_date = ("
        "  SELECT max(metric_date) FROM tiktok_organic__post_days WHERE business_id = $account)) AS lately "
        "FROM tiktok_organic__post_days d JOIN tiktok_organic__posts p USING (business_id, item_id) "
        "WHERE business_id = $account AND video_views_gained IS NOT NULL GROUP BY 1 "
        "ORDER BY coalesce(lately, 0) = max(coalesce(lately, 0)) OVER () DESC, views DESC LIMIT 5"
    )
    if not best:
        return Figure(title, "There is one sync so far. After the next one, this shows how posts grew.")
    syncs = account.rows(
        "SELECT item_id, metric_date, sum(video_views_gained) OVER (PARTITION BY item_id ORDER BY metric_date) "
        "AS views FROM tiktok_organic__post_days WHERE business_id = $account AND video_views_gained IS NOT NULL"
    )
    posts = named(best)
    points = [
        {"post": post["post"], "metric_date": day, "views": views}
        for post in posts
        for day, views in [
            (post["since"], 0),
            *((one["metric_date"], one["views"]) for one in syncs if one["item_id"] == post["item_id"]),
        ]
    ]
    most, lately = (max(posts, key=lambda post: post[name] or 0) for name in ("views", "lately"))
    since = f" Since the sync before, it was “{lately['post']}”: {number(lately['lately'])} views."
    return Figure(
        title,
        f"“{most['post']}” gained most: {number(most['views'])} views." + (since if lately is not most else ""),
        [curves(points, DAY, "views", "views gained since the first sync, or since publication", "~s")],
        mind="TikTok tells totals since publication. Only a history of syncs shows when the views came.",
    )


def sources(account: Account) -> Figure:
    """Where views come from."""
    title = "Where viewers meet the posts"
    found = account.rows(
        "SELECT a.label AS source, sum(a.percentage * p.video_views) / sum(p.video_views) AS share "
        "FROM tiktok_organic__post_audience a JOIN tiktok_organic__posts p USING (business_id, item_id) "
        "WHERE business_id = $account AND a.dimension = 'source' AND a.is_newest AND p.video_views > 0 "
        "GROUP BY 1 ORDER BY 2 DESC"
    )
    if not found:
        return Figure(title, "TikTok does not tell where the views of these posts came from.")
    return Figure(
        title,
        f"{found[0]['source']} brings {percent(found[0]['share'])} of the views.",
        [bars(found, "source", "share", "share of views", ".0%")],
        mind="Posts are weighted by their views. TikTok withholds sources of posts that nobody touched for seven days.",
    )


def retention(account: Account) -> Figure:
    """How long viewers stay."""
    title = "How long viewers stay"
    points = named(
        account.rows(
            "WITH best AS (SELECT item_id, caption, create_time::DATE AS published FROM tiktok_organic__posts "
            "  WHERE business_id = $account AND hook_rate IS NOT NULL ORDER BY video_views DESC LIMIT 5) "
            "SELECT video_view_retention_second AS second, video_view_retention_percentage AS watching, caption, "
            "published FROM stg_tiktok_organic__videos_video_view_retention JOIN best USING (item_id) "
            "WHERE business_id = $account "
            "QUALIFY metric_date = max(metric_date) OVER (PARTITION BY item_id) ORDER BY item_id, 1"
        )
    )
    if not points:
        return Figure(title, "TikTok does not tell how long viewers of these posts stayed.")
    third = [point["watching"] for point in points if point["second"] == 3]
    share = sum(third) / len(third) if third else None
    return Figure(
        title,
        f"After three seconds, {percent(share)} of the viewers are still there, on average of the most viewed posts "
        "whose viewers TikTok tells.",
        [curves(points, alt.X("second:Q", title="second of the video"), "watching", "still watching", ".0%")],
        mind="A curve ends with its video, and at 30 seconds at the latest.",
    )


def hours(account: Account) -> Figure:
    """When followers are active, and when posts were published."""
    title = "When followers are active, and when posts came"
    found = account.rows(
        "SELECT weekday, hour_of_day AS hour, followers_active AS active, posts_published AS posts, "
        "median_views_after_two_days AS views FROM tiktok_organic__posting_hours WHERE business_id = $account"
    )
    active = [one for one in found if one["active"]]
    if not active:
        return Figure(title, "TikTok tells active hours of accounts with 100 followers or more.")
    for one in found:
        one["day"] = WEEKDAYS[one["weekday"]]
    axes = {"x": alt.X("hour:O", title="hour (UTC)"), "y": alt.Y("day:N", sort=WEEKDAYS, title=None)}
    heat = (
        chart(found, height=220)
        .mark_rect()
        .encode(
            **axes,
            color=alt.Color("active:Q", title="active followers", scale=alt.Scale(scheme="tealblues"), legend=None),
            tooltip=["day:N", "hour:O", alt.Tooltip("active:Q", format=",.0f"), "posts:Q"],
        )
    )
    dots = (
        chart(found, height=220)
        .transform_filter("datum.posts > 0")
        .mark_circle(color="#f26b38", opacity=0.9)
        .encode(**axes, size=alt.Size("posts:Q", legend=None))
    )
    best = max(active, key=lambda one: one["active"])
    return Figure(
        title,
        f"Most followers are active on {best['day']} at {best['hour']}:00 UTC. The dots are posts.",
        [alt.layer(heat, dots).properties(width="container")],
        mind="Many active followers are no promise of many views.",
    )


def audience(account: Account) -> Figure:
    """Who the followers are."""
    title = "Who the followers are"
    found = account.rows(
        "SELECT dimension, label, percentage AS share FROM tiktok_organic__audience WHERE business_id = $account "
        "AND is_newest QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY percentage DESC) <= 8 "
        "ORDER BY 1, 3 DESC"
    )
    if not found:
        return Figure(title, "TikTok tells the audience of accounts with 100 followers or more.")
    of = {name: [one for one in found if one["dimension"] == name] for name in ("age", "gender", "country", "city")}
    largest = {name: rows[0]["label"] for name, rows in of.items() if rows}
    return Figure(
        title,
        "The largest groups are " + ", ".join(f"{label} ({name})" for name, label in largest.items()) + ".",
        [bars(rows, "label", "share", f"share of followers, by {name}", ".0%") for name, rows in of.items() if rows],
        mind="Shares of countries and cities are those of the largest ones, so they don't add up to all.",
    )


def hashtags(account: Account) -> Figure:
    """Hashtags and the views of their posts."""
    title = "Hashtags"
    found = account.rows(
        "SELECT '#' || hashtag AS hashtag, median(p.video_views) AS views, count(*) AS posts "
        "FROM tiktok_organic__post_hashtags h JOIN tiktok_organic__posts p USING (business_id, item_id) "
        "WHERE business_id = $account AND p.video_views IS NOT NULL GROUP BY 1 HAVING count(*) >= 3 "
        "ORDER BY 2 DESC LIMIT 10"
    )
    if not found:
        return Figure(title, "No hashtag is on three posts or more.")
    return Figure(
        title,
        f"Posts with {found[0]['hashtag']} have a median of {number(found[0]['views'])} views.",
        [bars(found, "hashtag", "views", "median views of a post", "~s")],
        mind="Hashtags on at least three posts. A hashtag that goes with views need not bring them.",
    )


def waiting_comments(account: Account) -> Figure:
    """Comments that wait for an answer."""
    title = "Comments that wait for an answer"
    counts = account.row(
        f"SELECT count(is_answered) AS known, count(*) FILTER ({WAITING}) AS waiting FROM tiktok_organic__comments "
        "WHERE business_id = $account"
    )
    if not counts["known"]:
        return Figure(title, "There are no comments, or comments and their replies are not synced.")
    if not counts["waiting"]:
        return Figure(title, "No comment waits for an answer.")
    found = account.rows(
        "SELECT coalesce(nullif(text, ''), '(a picture)') AS text, likes, create_time::DATE AS day, "
        "comment_author_username AS author FROM tiktok_organic__comments "
        f"WHERE business_id = $account AND {WAITING} ORDER BY likes DESC NULLS LAST, create_time DESC LIMIT 8"
    )
    lines = [
        [
            f"{escape(one['text'])}<small> @{escape(str(one['author']))}, {one['day']}</small>",
            NOT_KNOWN if one["likes"] is None else number(one["likes"]),
        ]
        for one in found
    ]
    return Figure(
        title,
        f"{number(counts['waiting'])} public comments have no answer of the account. These have the most likes.",
        table=table(["comment", "likes"], lines),
        mind="A comment is as it was when its post was last asked for comments.",
    )


def headline(account: Account) -> str:
    """Four figures in large type: of the last 28 complete days, or of the syncs of the last 28 days."""
    days = account.rows(
        "SELECT strftime(metric_date, '%-d %b') AS day, followers_count AS followers, net_followers_28_days AS net, "
        "video_views_28_days AS views, posts_published_28_days AS posts FROM tiktok_organic__account_days "
        "WHERE business_id = $account AND NOT is_provisional AND net IS NOT NULL ORDER BY metric_date DESC LIMIT 1"
    )
    syncs = (
        "WITH syncs AS (SELECT metric_date, followers_count FROM tiktok_organic__account_days "
        "  WHERE business_id = $account AND followers_count IS NOT NULL "
        "  QUALIFY metric_date >= max(metric_date) OVER () - 28), "
        "ends AS (SELECT max(metric_date) AS day, nullif(min(metric_date), day) AS since, "
        "  max_by(followers_count, metric_date) AS followers, min_by(followers_count, metric_date) AS before "
        "  FROM syncs) "
        "SELECT strftime(day, '%-d %b') AS day, strftime(since, '%-d %b') AS since, followers, "
        "  CASE WHEN ends.since IS NOT NULL THEN followers - before END AS net, "
        "  (SELECT sum(video_views_gained)::BIGINT FROM tiktok_organic__post_days "
        "    WHERE business_id = $account AND metric_date > ends.since) AS views, "
        "  CASE WHEN ends.since IS NOT NULL THEN (SELECT count(*) FROM tiktok_organic__posts "
        "    WHERE business_id = $account AND create_time::DATE > ends.since) END AS posts FROM ends"
    )
    found = days[0] if days else account.row(syncs)
    when = "in 28 days" if days else f"since {found['since'] or 'the first sync'}"
    words = {
        "followers": f"followers, {'end of ' if days else ''}{found['day'] or 'no sync yet'}",
        "net": f"net followers {when}",
        "views": f"views {when}",
        "posts": f"posts {when}",
    }
    shown = {
        name: f"<small>{NOT_KNOWN}</small>" if found[name] is None else f"{found[name]:{'+' if name == 'net' else ''},}"
        for name in words
    }
    return "<dl>" + "".join(f"<div><dt>{words[name]}<dd>{shown[name]}</div>" for name in words) + "</dl>"


FIGURES: Sequence[Callable[[Account], Figure]] = (
    followers,
    gained_and_lost,
    best_posts,
    growth,
    sources,
    retention,
    hours,
    audience,
    hashtags,
    waiting_comments,
)
LOGIN_KIT_FIGURES = (followers, best_posts, growth, hashtags)
NOT_IN_LOGIN_KIT = (
    "Login Kit does not tell who the followers are and when they are active, where views come from, how long "
    "viewers stay, and comments."
)


def section(account: Account, name: str, position: int, specs: list[dict[str, Any]]) -> str:
    """An account's part of the page; the specifications of its charts go to `specs`."""
    content = [f"<section id='account-{position}' aria-label='{escape(name)}'><h2>{escape(name)}</h2>"]
    content.append(headline(account))
    is_of_login_kit = account.is_of_login_kit()
    for draw in LOGIN_KIT_FIGURES if is_of_login_kit else FIGURES:
        figure = draw(account)
        content.append(f"<figure><h3>{escape(figure.title)}</h3><p>{escape(figure.says)}</p>")
        for drawn in figure.charts:
            content.append(
                f"<div class='chart' id='chart-{len(specs)}' role='img' aria-label='{escape(figure.says)}'></div>"
            )
            specs.append(drawn.to_dict())
        content.append(f"<div class='table'>{figure.table}</div>" if figure.table else "")
        content.append(f"<figcaption>{escape(figure.mind)}</figcaption></figure>" if figure.mind else "</figure>")
    if is_of_login_kit:
        content.append(f"<p>{NOT_IN_LOGIN_KIT}</p>")
    return "".join([*content, "</section>"])


@cache
def bundle() -> str:
    """The JavaScript that draws the charts, which takes seconds to make. Nothing in it ends the script it stands in."""
    # Without a snippet it is everything.
    return str(vl_convert.javascript_bundle()).replace("</script", "<\\/script")  # type: ignore[call-arg]


def page(connection: duckdb.DuckDBPyConnection) -> str:
    """The whole page, for all accounts that the models have."""
    accounts = connection.execute(
        "SELECT business_id, max(display_name), max(video_creator_username), min(first_synced_on), max(last_synced_on) "
        "FROM tiktok_organic__posts GROUP BY 1 ORDER BY count(*) DESC, 1"
    ).fetchall()
    if not accounts:
        sys.exit("The models have no posts. Sync the stream `videos` first.")
    specs: list[dict[str, Any]] = []
    sections, choices = [], []
    for position, (business_id, name, username, first, last) in enumerate(accounts):
        shown = f"{name or username or business_id} (@{username})" if username else str(name or business_id)
        choices.append(f"<option value='account-{position}'>{escape(shown)}</option>")
        heading = f"{shown}, syncs of {first} to {last}" if first != last else f"{shown}, sync of {last}"
        sections.append(section(Account(connection, business_id), heading, position, specs))
    # A specification must not end the script that it stands in.
    text = json.dumps(specs).replace("</", "<\\/")
    template = PAGE.read_text(encoding="utf-8")
    choice = f"<select id='account' aria-label='Account'>{''.join(choices)}</select>" if len(choices) > 1 else ""
    parts = {
        "SECTIONS": "".join(sections),
        "CHOICE": choice,
        "SPECS": text,
        "BUNDLE": bundle(),
    }
    return re.sub("@@([A-Z]+)@@", lambda place: parts[place[1]], template)


def write_page(database: Path) -> Path:
    """Write the page of a DuckDB file in which the models are built, and tell where it is."""
    with duckdb.connect(str(database), read_only=True) as connection:
        target = database.with_name("report.html")
        target.write_text(page(connection), encoding="utf-8")
    return target


def main() -> None:
    """Write the page of the file that the command line names."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit("Name a DuckDB file that the connector filled: make report DATABASE=demo/tiktok.duckdb")
    print(f"Wrote {write_page(Path(sys.argv[1]))}. Open it in a browser.")


if __name__ == "__main__":
    main()
