"""How the page of a sheet looks: light and dark, narrow and wide, on paper."""

from ellnet.explain.heat import NEGATIVE, POSITIVE

__all__ = ["STRENGTHS", "STYLE"]

STRENGTHS = (0.08, 0.17, 0.28, 0.4, 0.54)
"""How strongly a cell is tinted, from small numbers to the largest of its matrix."""


def _tints() -> str:
    rules = []
    for letter, colour in (("n", NEGATIVE), ("p", POSITIVE)):
        rgb = ",".join(str(part) for part in colour)
        rules += [
            f".{letter}{k}{{background-color:rgba({rgb},{strength})}}"
            for k, strength in enumerate(STRENGTHS, start=1)
        ]
    return "\n".join(rules)


def _brackets() -> str:
    """Square brackets around a matrix: lines left and right, and their short ends."""
    rules = []
    rows = {
        ":first-child:not(:last-child)": ("top",),
        ":last-child:not(:first-child)": ("bottom",),
        ":first-child:last-child": ("top", "bottom"),
    }
    columns = {
        ":first-of-type:not(:last-of-type)": ("left",),
        ":last-of-type:not(:first-of-type)": ("right",),
        ":first-of-type:last-of-type": ("left", "right"),
    }
    line = "linear-gradient(var(--bracket),var(--bracket))"
    for row, verticals in rows.items():
        for column, horizontals in columns.items():
            places = [f"{h} {v}" for h in horizontals for v in verticals]
            images = ",".join([line] * len(places))
            rules.append(
                f".m tbody tr{row} td{column}{{background-image:{images};"
                f"background-position:{','.join(places)}}}"
            )
    return "\n".join(rules)


STYLE = f"""
:root{{color-scheme:light dark;--ink:#1c2128;--soft:#5b6570;--line:#dde3e9;--band:#f5f7f9;
--paper:#fff;
--link:#0b57a4;--bracket:#7a8590;--good:#14683a;--bad:#a8231c;--mark:#c2622d}}
@media (prefers-color-scheme:dark){{:root{{--ink:#e4e9ee;--soft:#9aa5b0;--line:#313a44;
--band:#1a2027;
--paper:#11151a;--link:#7ab4f5;--bracket:#8592a0;--good:#6fcf97;--bad:#ff8a80;--mark:#e8935f}}}}
*{{box-sizing:border-box}}
html{{scroll-behavior:smooth;scroll-padding-top:1rem}}
@media (prefers-reduced-motion:reduce){{html{{scroll-behavior:auto}}}}
body{{margin:0;color:var(--ink);background:var(--paper);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",
Roboto,"Noto Sans",sans-serif}}
a{{color:var(--link)}}
.skip{{position:absolute;left:-99rem}}.skip:focus{{left:1rem;top:1rem;background:var(--paper);
padding:.4rem}}
.page{{max-width:86rem;margin:0 auto;padding:1.6rem 1.4rem 5rem}}
header h1{{font-size:1.9rem;line-height:1.2;margin:.2rem 0 .3rem;letter-spacing:-.01em}}
.brow{{color:var(--soft);font-size:.85rem;letter-spacing:.09em;text-transform:uppercase;margin:0}}
.facts{{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.1rem;margin:1rem 0}}
.facts dt{{color:var(--soft)}}.facts dd{{margin:0;overflow-wrap:anywhere}}
.drawing{{max-width:38rem;margin:1rem 0}}
h2{{font-size:1.4rem;margin:2.8rem 0 .4rem;padding-bottom:.3rem;
border-bottom:2px solid var(--line)}}
h3{{font-size:1.08rem;margin:1.9rem 0 .1rem}}
.io{{color:var(--soft);margin:.1rem 0 .6rem}}
.step{{border-left:3px solid var(--line);padding:.05rem 0 .3rem 1rem;margin:.9rem 0}}
.words{{margin:.2rem 0}}
.formula{{display:flex;flex-wrap:wrap;align-items:baseline;gap:.15rem 1.1rem;margin:.2rem 0;
max-width:42rem}}
.formula .said{{flex:1;line-height:2.2}}
.formula .eq{{color:var(--soft);font-size:.9rem;white-space:nowrap}}
.formula .name{{color:var(--soft);font-size:.9rem;flex-basis:100%}}
.note{{color:var(--soft);font-size:.92rem;margin:.25rem 0;max-width:60rem}}
math{{font-family:"Latin Modern Math","STIX Two Math","STIX Math","Cambria Math",math;
font-size:1.12em}}
.shape{{font-size:.78em;color:var(--mark)}}
.line{{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .7rem;margin:.5rem 0}}
.mark{{color:var(--soft);font-size:1.05rem;padding-top:1.4rem;white-space:nowrap}}
.box{{max-width:100%}}
.scroll{{overflow-x:auto;max-width:100%}}
.scroll:focus-visible,summary:focus-visible{{outline:2px solid var(--link);outline-offset:2px}}
.m{{border-collapse:separate;border-spacing:0;font-variant-numeric:tabular-nums;font-size:.86rem;
line-height:1.5}}
.m caption{{caption-side:top;text-align:left;padding:0 .4rem .2rem;white-space:nowrap}}
.m caption small{{color:var(--soft);margin-left:.35rem;font-size:.82em}}
.m th{{font-weight:400;color:var(--soft);font-size:.76rem;padding:0 .4rem}}
.m th[scope=row]{{text-align:right;white-space:nowrap;max-width:11rem;overflow:hidden;
text-overflow:ellipsis}}
.m th[scope=col]{{text-align:right;white-space:nowrap;max-width:7rem;overflow:hidden;
text-overflow:ellipsis}}
.m td{{text-align:right;padding:.03rem .5rem;white-space:nowrap;background-repeat:no-repeat;
background-size:6px 1.5px}}
.m td:first-of-type{{border-left:1.5px solid var(--bracket)}}
.m td:last-of-type{{border-right:1.5px solid var(--bracket)}}
{_brackets()}
{_tints()}
.m td.gap{{color:var(--soft);text-align:center}}
.heat{{display:flex;gap:.9rem;align-items:flex-end;flex-wrap:wrap}}
.heat img{{image-rendering:pixelated;border:1px solid var(--line);background:var(--paper);
display:block}}
.stats{{color:var(--soft);font-size:.82rem;margin:.2rem 0;max-width:34rem}}
.ref{{text-align:center;padding:.2rem .3rem}}.ref small{{display:block;color:var(--soft);
font-size:.74rem}}
details{{margin:.3rem 0}}
summary{{cursor:pointer;color:var(--link);font-size:.92rem;width:max-content;max-width:100%}}
.terms{{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;margin:.3rem 0}}
.terms th{{font-weight:400;text-align:left;white-space:nowrap;padding:.1rem .5rem .1rem 0;
vertical-align:top}}
.terms td{{padding:.1rem .5rem;vertical-align:top}}.terms td:last-child{{white-space:nowrap;
text-align:right}}
.terms tr+tr>*{{border-top:1px solid var(--line)}}
.tall{{max-height:24rem;overflow:auto}}
main>section:first-child>h2{{margin-top:.2rem}}
.pair{{display:flex;align-items:center;gap:.7rem;max-width:100%}}.pair>.box{{min-width:0}}
.grid{{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums;margin:.5rem 0}}
.grid th{{text-align:left;color:var(--soft);font-weight:500;border-bottom:1px solid var(--line);
padding:.25rem .9rem .25rem 0}}
.grid td{{padding:.25rem .9rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top;
overflow-wrap:anywhere}}
.verdict{{font-weight:600}}.good{{color:var(--good)}}.bad{{color:var(--bad)}}
.legend{{display:flex;align-items:center;gap:0 .3rem;color:var(--soft);font-size:.85rem;
flex-wrap:wrap}}
.legend i{{display:inline-block;width:1.15rem;height:.8rem}}
nav.contents{{font-size:.9rem}}
nav.contents ul{{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.1rem .9rem}}
nav.contents>ul>li{{flex-basis:100%}}
nav.contents>ul>li>a{{font-weight:600}}
@media (min-width:72rem){{.page{{display:grid;grid-template-columns:13.5rem minmax(0,1fr);
gap:0 2.6rem}}
header{{grid-column:1/-1}}
nav.contents{{position:sticky;top:1rem;align-self:start;max-height:calc(100vh - 2rem);
overflow-y:auto}}
nav.contents ul{{display:block}}nav.contents ul ul{{margin:.1rem 0 .6rem .8rem}}}}
@media (max-width:40rem){{.page{{padding:1rem .9rem 3rem}}.facts{{grid-template-columns:1fr;gap:0}}
.facts dd{{margin-bottom:.4rem}}.step{{padding-left:.7rem}}header h1{{font-size:1.5rem}}}}
@media print{{nav.contents,.skip{{display:none}}.page{{display:block}}.step{{break-inside:avoid}}}}
"""
