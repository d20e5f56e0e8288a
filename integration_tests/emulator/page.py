"""A page of the emulator in a browser."""

from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b;
       background: #fff; overflow-wrap: anywhere }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
fieldset { border: 1px solid #ccc; border-radius: 6px; margin: 1rem 0 } label { display: block; padding: .2rem 0 }
button { font: inherit; padding: .5rem 1.2rem; border-radius: 6px; border: 1px solid #888; background: #f4f4f4 }
button[value=allow] { background: #161823; color: #fff }
pre { white-space: pre-wrap; background: #f4f4f4; padding: .7rem }
table { border-collapse: collapse; width: 100% }
td { vertical-align: top; padding: .25rem .5rem .25rem 0; border-bottom: 1px solid #e4e4e4 }
small { color: #555 } code { font-size: .9em }
@media (prefers-color-scheme: dark) { body { color: #e8e8e8; background: #161616 } pre, button { background: #2a2a2a;
       color: inherit } small { color: #aaa } button[value=allow] { background: #e8e8e8; color: #161616 } }
"""


def page(title: str, content: str) -> str:
    """Return a page that needs nothing else. `content` is HTML."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f"<p><small>TikTok emulator: all accounts, posts and figures are invented.</small></p>{content}</html>"
    )
