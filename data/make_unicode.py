"""Makes src/object/unicode_runs.inc and unicode_decompositions.inc from python3.11's tables, which are Unicode 14.0.0.

Run once: python3.11 data/make_unicode.py   (the results are checked in; see data/README.md)
"""
import _sre
import sys
import unicodedata as u

assert u.unidata_version == "14.0.0"
CATEGORIES = ["Cn", "Lu", "Ll", "Lt", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
              "Lm", "Lo", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So"]
BIDI = sorted({u.bidirectional(chr(c)) for c in range(0x110000)})
WIDTHS = ["F", "H", "W", "Na", "A", "N"]
specials, special_index = [], {}
numerics, numeric_index = [], {}


def mapping(c, text):
    """A difference to the character, or the index of a longer text (flagged by the second value)."""
    if len(text) == 1:
        return ord(text) - c, 0
    if text not in special_index:
        special_index[text] = len(specials)
        specials.append(text)
    return special_index[text], 1


def numeric(ch):
    value = u.numeric(ch, None)
    if value is None:
        return 0
    if value not in numeric_index:
        numeric_index[value] = len(numerics) + 1
        numerics.append(value)
    return numeric_index[value]


def record(c):
    ch = chr(c)
    upper, upper_s = mapping(c, ch.upper())
    lower, lower_s = mapping(c, ch.lower() if c != 0x3A3 else "σ")
    title, title_s = mapping(c, ch.title())
    fold, fold_s = mapping(c, ch.casefold())
    cased_before = ("1" + ch + "Σ").lower()[-1] == "ς"
    ignorable = ("A" + ch + "Σ").lower()[-1] == "ς" and not cased_before
    flags = [ch.isalpha(), ch.isspace(), ch.isprintable(), ch.isidentifier(), ("a" + ch).isidentifier(), ch.isupper(),
             ch.islower(), u.category(ch) == "Lt", ignorable, len(("a" + ch + "b").splitlines()) > 1, upper_s, lower_s,
             title_s, fold_s, u.mirrored(ch) == 1]
    bits = sum(1 << i for i, f in enumerate(flags) if f)
    return (CATEGORIES.index(u.category(ch)), u.combining(ch), u.decimal(ch, -1), u.digit(ch, -1), numeric(ch), bits,
            upper, lower, title, fold, _sre.unicode_tolower(c) - c, BIDI.index(u.bidirectional(ch)),
            WIDTHS.index(u.east_asian_width(ch)))


records, record_index, runs, last = [], {}, [], None
for c in range(0x110000):
    r = record(c)
    if r not in record_index:
        record_index[r] = len(records)
        records.append(r)
    i = record_index[r]
    if i != last:
        runs.append((c, i))
        last = i

NOTE = "// Made by data/make_unicode.py from the Unicode Character Database 14.0.0 (see data/README.md). Do not edit.\n"


def lines(items, out):
    row = ""
    for item in items:
        if len(row) + len(item) > 150:
            out.write(row + "\n")
            row = ""
        row += item
    out.write(row + "\n")


with open("src/object/unicode_runs.inc", "w") as f:
    f.write(NOTE)
    f.write("const Record kRecords[] = {\n")
    lines(["{" + ",".join(map(str, r)) + "}," for r in records], f)
    f.write("};\n// The first character of a run (as the distance from the last run's) and its record.\nconst uint16_t kRuns[][2] = {\n")
    items, previous, items_last = [], 0, 0
    for c, i in runs:
        gap = c - previous
        while gap > 60000:
            items.append(f"{{60000,{items_last}}},")
            gap -= 60000
        items.append(f"{{{gap},{i}}},")
        items_last = i
        previous = c
    lines(items, f)
    f.write("};\nconst double kNumerics[] = {0,")
    lines([repr(float(n)) + "," for n in numerics], f)
    f.write("};\nconst uint32_t kSpecials[][3] = {\n")
    lines(["{" + ",".join(hex(ord(x)) for x in s) + "}," for s in specials], f)
    f.write("};\nconst char* const kCategoryNames[] = {" + ",".join(f'"{x}"' for x in CATEGORIES) + "};\n")
    f.write("const char* const kBidirectionalNames[] = {" + ",".join(f'"{x}"' for x in BIDI) + "};\n")
    f.write("const char* const kWidthNames[] = {" + ",".join(f'"{x}"' for x in WIDTHS) + "};\n")

TAGS = [""]
with open("src/object/unicode_decompositions.inc", "w") as f:
    f.write(NOTE)
    f.write("// character, tag (0: canonical; 128 added: never composed), length, then the characters.\nconst uint32_t kDecompositions[] = {\n")
    items = []
    for c in range(0x110000):
        d = u.decomposition(chr(c))
        if not d or 0xAC00 <= c <= 0xD7A3:
            continue
        parts = d.split()
        tag = 0
        if parts[0][0] == "<":
            if parts[0] not in TAGS:
                TAGS.append(parts[0])
            tag = TAGS.index(parts.pop(0))
        elif u.normalize("NFC", chr(c)) != chr(c):
            tag = 128
        items.append(f"0x{c:X},{tag},{len(parts)}," + "".join(f"0x{int(p, 16):X}," for p in parts))
    lines(items, f)
    f.write("};\nconst char* const kTags[] = {" + ",".join(f'"{t}"' for t in TAGS) + "};\n")
print(len(records), "records", len(runs), "runs", len(specials), "special mappings", file=sys.stderr)

# Names: one a line in order of code points; a line that begins with @ gives the code point (hexadecimal) of the next one. Names that
# follow from the code point are left out.
import base64
import zlib

text, expected = [], -1
for c in range(0x110000):
    name = u.name(chr(c), "")
    if not name or name.startswith("CJK UNIFIED IDEOGRAPH-") or name.startswith("HANGUL SYLLABLE "):
        continue
    if c != expected:
        text.append(f"@{c:X}")
    text.append(name)
    expected = c + 1

# Aliases and named sequences are not listed by unicodedata; Perl's copy of the database has them. Each is asked of unicodedata.
text.append("#")
perl = open("/usr/share/perl/5.36/unicore/Name.pl").read().partition("<<'END';\n")[2].split("\n\n")
for entry in perl:
    lines_ = entry.strip().split("\n")
    if len(lines_) != 2 or " " in lines_[0]:
        continue
    try:
        c, name = int(lines_[0], 16), lines_[1]
        if u.name(chr(c), "") != name and u.lookup(name) == chr(c):
            text.append(f"{c:X} {name}")
    except (ValueError, KeyError):
        pass
text.append("#")
for line in open("/usr/share/perl/5.36/unicore/NamedSequences.txt"):
    name, _, sequence = line.split("#")[0].strip().partition(";")
    if sequence:
        text.append(f"{name};{sequence}")
packed = zlib.compress("\n".join(text).encode() + b"\n", 9)
encoded = base64.b64encode(packed).decode()
with open("src/object/unicode_names.inc", "w") as f:
    f.write(NOTE)
    f.write(f"constexpr size_t kNamesSize = {sum(len(t) + 1 for t in text)};\n")
    f.write("const char kNames[] =\n")
    for i in range(0, len(encoded), 140):
        f.write(f'"{encoded[i:i + 140]}"\n')
    f.write(";\n")

# What Unicode 3.2.0 says otherwise (unicodedata.ucd_3_2_0, which internationalized domain names need): characters that it does not
# know yet, properties that have changed since, decompositions that were corrected later.
old = u.ucd_3_2_0
unknown, changed, corrected, last = [], [], [], -2
for c in range(0x110000):
    ch = chr(c)
    now = (u.category(ch), u.bidirectional(ch), u.decimal(ch, -1), u.mirrored(ch), u.east_asian_width(ch))
    then = (old.category(ch), old.bidirectional(ch), old.decimal(ch, -1), old.mirrored(ch), old.east_asian_width(ch))
    if then[0] == "Cn" != now[0]:
        if c == last + 1:
            unknown[-1][1] += 1
        else:
            unknown.append([c, 1])
        last = c
        continue
    if now != then:
        changed.append(f"{{{c},{CATEGORIES.index(then[0])},{BIDI.index(then[1])},{then[2]},{then[3]},{WIDTHS.index(then[4])}}},")
    if old.normalize("NFD", ch) != u.normalize("NFD", ch):
        corrected.append(f"{{{c},{ord(old.normalize('NFD', ch))}}},")
with open("src/object/unicode_old.inc", "w") as f:
    f.write(NOTE.replace("14.0.0", "3.2.0"))
    f.write("// Characters assigned later: the first one and how many.\nconst uint32_t kUnknown[][2] = {\n")
    lines([f"{{{c},{n}}}," for c, n in unknown], f)
    f.write("};\nconst OldRecord kChanged[] = {\n")
    lines(changed, f)
    f.write("};\n// Characters whose decomposition was another one.\nconst uint32_t kCorrected[][2] = {")
    f.write("".join(corrected) + "};\n")
