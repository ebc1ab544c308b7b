"""The picture of hiss.explain.references: boxes for objects, arrows for references, roots on the left."""

import os
import tempfile

from hiss.explain.referrers import attribute_name, describe

CHARACTER = 7.3  # width of one character of 12-pixel monospaced text
BOX_HEIGHT, ROW, MARGIN = 40, 66, 24
COLOURS = {  # fill and border
    "root": ("#e3eefc", "#2f6fb7"),
    "object": ("#f4f4f2", "#77777a"),
    "target": ("#fdebd8", "#c8641b"),
}


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Box:
    def __init__(self, kind, title, detail):
        self.kind, self.title, self.detail = kind, title, detail
        self.column = self.x = self.y = 0
        self.width = max(len(title), len(detail)) * CHARACTER + 24


def collect(result):
    """The boxes by key and the arrows {(from, to): [text]} of what the text shows."""
    boxes, arrows = {}, {}

    def add_box(key, *arguments):
        boxes.setdefault(key, Box(*arguments))
        return key

    def add_arrow(start, end, text):
        texts = arrows.setdefault((start, end), [])
        if text not in texts:
            texts.append(text)

    target = add_box(result.target_id, "target", result.title, "the object asked about")
    for path in result.paths:
        # A module is drawn with its dict: the first link starts at either.
        root = add_box((path.root, path.where), "root", path.root, path.where or "module")
        steps = [(link.holder, link.text) for link in path.links]
        ends = [add_box(id(holder), "object", describe(holder), "") for holder, _ in steps[1:]] + [target]
        if path.where:
            # The variable refers to the first holder, or to the object itself.
            first = add_box(id(steps[0][0]), "object", describe(steps[0][0]), "") if steps else target
            add_arrow(root, first, "")
            starts = [first, *ends[:-1]]
        else:
            starts = [root, *ends[:-1]]
        for start, end, (_, text) in zip(starts, ends, steps):
            name = attribute_name(text) if start == root else None
            add_arrow(start, end, "." + name if name else text.strip())
    for links in ([link] for link in result.holders) if not result.paths else ():
        add_arrow(add_box(id(links[0].holder), "object", describe(links[0].holder), ""), target, links[0].text.strip())
    for number, link in enumerate(result.cycle):
        start = add_box(id(link.holder), "object", describe(link.holder), "")
        following = result.cycle[(number + 1) % len(result.cycle)].holder
        end = add_box(id(following), "object", describe(following), "")
        add_arrow(start, end, link.text.strip())
    return boxes, arrows


def add_waypoints(boxes, arrows, columns):
    """Gives an arrow that passes over columns an invisible box in each, so that it runs between the visible ones."""
    segments = []
    for start, end in arrows:
        if boxes[end].column > boxes[start].column + 1:
            way = [("way", start, end, column) for column in range(boxes[start].column + 1, boxes[end].column)]
            for key in way:
                boxes[key] = Box("way", "", "")
                boxes[key].column = key[3]
                columns[key[3]].append(key)
            segments += zip([start, *way], [*way, end])
        else:
            segments.append((start, end))
    return segments


def place(boxes, arrows, target, has_roots):
    """Columns by the distance to the object, which stands at the right; rows so that few arrows cross."""
    distance = {target: 0}
    waiting = [target]
    for key in waiting:
        for start, end in arrows:
            if end == key and start not in distance:
                distance[start] = distance[key] + 1
                waiting.append(start)
    if has_roots:
        # As far left as the longest way goes, so that arrows point to the right; cycles end with the repetitions.
        for _ in boxes:
            for start, end in arrows:
                if start != target and end in distance and distance[end] < len(boxes):
                    distance[start] = max(distance.get(start, 0), distance[end] + 1)
    levels = sorted({distance.get(key, 0) for key in boxes}, reverse=True)
    columns = [[key for key in boxes if distance.get(key, 0) == level] for level in levels]
    for number, column in enumerate(columns):
        for key in column:
            boxes[key].column = number
    segments = add_waypoints(boxes, arrows, columns)
    rows = {}
    for column in reversed(columns):
        def centre(key):
            followers = [rows[end] for start, end in segments if start == key and end in rows]
            return sum(followers) / len(followers) if followers else 0
        column.sort(key=centre)
        for row, key in enumerate(column):
            rows[key] = row - (len(column) - 1) / 2
    x = MARGIN
    for column in columns:
        width = max(boxes[key].width for key in column)
        for key in column:
            boxes[key].x, boxes[key].width = x, width
            boxes[key].y = rows[key]
        texts = [text for (start, _), found in arrows.items() if start in column for text in found]
        x += width + max([len(text) * CHARACTER for text in texts], default=0) + 70
    lowest = min(box.y for box in boxes.values())
    for box in boxes.values():
        box.y = MARGIN + 34 + (box.y - lowest) * ROW
    return x - 70 + MARGIN


def curve(x1, y1, x2, y2):
    middle = (x1 + x2) / 2
    return f" C{middle:.0f} {y1:.0f} {middle:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"


def label_place(x1, y1, x2, y2, half, labels):
    """A place on the curve whose label covers no other; `labels` has the places taken."""
    for t in (0.5, 0.62, 0.38, 0.74, 0.26):
        middle = (x1 + x2) / 2
        x = (1 - t) ** 3 * x1 + 3 * t * (1 - t) * middle + t ** 3 * x2
        y = y1 + (3 * t * t - 2 * t ** 3) * (y2 - y1)
        if all(abs(x - other_x) > half + other_half + 8 or abs(y - other_y) > 18 for other_x, other_y, other_half in labels):
            break
    labels.append((x, y, half))
    return x, y


def arrow_lines(boxes, arrows, bottom):
    lines, words, labels, deepest = [], [], [], bottom
    for (start, end), texts in arrows.items():
        one, other = boxes[start], boxes[end]
        text = escape(", ".join(filter(None, texts)))
        x1, y1 = one.x + one.width, one.y + BOX_HEIGHT / 2
        x2, y2 = other.x - 3, other.y + BOX_HEIGHT / 2
        if other.column > one.column:
            way = [boxes["way", start, end, column] for column in range(one.column + 1, other.column)]
            route, x, y = f"M{x1:.0f} {y1:.0f}", x1, y1
            for stop in way:
                route += curve(x, y, stop.x, stop.y + BOX_HEIGHT / 2) + f" H{stop.x + stop.width:.0f}"
                x, y = stop.x + stop.width, stop.y + BOX_HEIGHT / 2
            lines.append(f'<path class="link" d="{route}{curve(x, y, x2, y2)}"/>')
            next_x, next_y = (way[0].x, way[0].y + BOX_HEIGHT / 2) if way else (x2, y2)
            middle_x, middle_y = label_place(x1, y1, next_x, next_y, len(text) * CHARACTER / 2, labels)
        else:
            deepest += 30
            x1, y1 = one.x + one.width / 2, one.y + BOX_HEIGHT
            x2, y2 = other.x + other.width / 2 + (18 if start == end else 0), other.y + BOX_HEIGHT + 3
            x1 -= 18 if start == end else 0
            lines.append(f'<path class="back" d="M{x1:.0f} {y1:.0f} C{x1:.0f} {deepest:.0f} {x2:.0f} {deepest:.0f} '
                         f'{x2:.0f} {y2:.0f}"/>')
            middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 8 + deepest * 3 / 4
        if text:
            half = len(text) * CHARACTER / 2
            words.append(f'<rect class="ground" x="{middle_x - half - 3:.0f}" y="{middle_y - 9:.0f}" '
                         f'width="{2 * half + 6:.0f}" height="18"/>')
            words.append(f'<text class="label" x="{middle_x:.0f}" y="{middle_y + 4:.0f}">{text}</text>')
    return lines + words, deepest


def box_lines(box):
    fill, border = COLOURS[box.kind]
    middle = box.x + box.width / 2
    yield (f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{BOX_HEIGHT}" rx="6" fill="{fill}" '
           f'stroke="{border}"/>')
    if box.detail:
        yield f'<text class="title" x="{middle:.0f}" y="{box.y + 17:.0f}">{escape(box.title)}</text>'
        yield f'<text class="detail" x="{middle:.0f}" y="{box.y + 32:.0f}">{escape(box.detail)}</text>'
    else:
        yield f'<text class="title" x="{middle:.0f}" y="{box.y + 24:.0f}">{escape(box.title)}</text>'


def draw(result):
    """The picture as SVG text."""
    boxes, arrows = collect(result)
    width = place(boxes, arrows, result.target_id, bool(result.paths))
    bottom = max(box.y for box in boxes.values()) + BOX_HEIGHT
    links, deepest = arrow_lines(boxes, arrows, bottom)
    heading = "What keeps it alive" if result.paths else "No root leads to it"
    width = max(width, len(heading) * 10 + 2 * MARGIN)
    height = max(bottom, deepest) + MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">',
        f"<title>{escape(result.title)}</title>",
        "<style>text{font:12px monospace;text-anchor:middle}.title{font-weight:bold}.detail{fill:#555;font-size:11px}"
        ".label{fill:#333}.heading{font:bold 15px sans-serif;text-anchor:start}.ground{fill:#fff;opacity:.85}"
        ".link,.back{fill:none;stroke:#555;stroke-width:1.3;marker-end:url(#tip)}.back{stroke:#b3261e}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#555"/></marker></defs>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="heading" x="{MARGIN}" y="{MARGIN + 4}">{heading}</text>',
        *links,
        *(line for box in boxes.values() if box.kind != "way" for line in box_lines(box)),
        "</svg>", ""])


def write_picture(result, path):
    """Writes the picture under a temporary name beside `path` and renames it, so that no half of a picture is seen."""
    text = draw(result)
    path = os.fspath(path)
    handle, temporary = tempfile.mkstemp(".tmp", os.path.basename(path) + ".", os.path.dirname(path) or ".")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
