// Normalization forms (Unicode Standard Annex 15).
#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "object/text_units.h"
#include "object/unicode_tables.h"

namespace hiss::unicode {

namespace {

#include "object/unicode_decompositions.inc"

constexpr uint32_t kHangul = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr uint32_t kVowels = 21, kTails = 28, kSyllables = 11172;

struct Decompositions {
  std::unordered_map<uint32_t, const uint32_t*> entry;  // character -> its tag, length and parts
  std::unordered_map<uint64_t, uint32_t> composed;      // pair -> character
  Decompositions() {
    for (const uint32_t* p = kDecompositions; p < std::end(kDecompositions); p += 3 + p[2]) {
      entry.emplace(p[0], p + 1);
      if (p[1] == 0 && p[2] == 2) composed.emplace(uint64_t{p[3]} << 32 | p[4], p[0]);
    }
  }
};
const Decompositions& decompositions() {
  static const Decompositions* d = new Decompositions;
  return *d;
}

void decompose(uint32_t c, bool compatibility, bool in_3_2, std::vector<uint32_t>& out) {
  if (c < 0x80 || (in_3_2 && !known_in_3_2(c))) {
    out.push_back(c);
    return;
  }
  if (in_3_2) {
    if (const uint32_t then = corrected_since_3_2(c)) c = then;
  }
  if (c - kHangul < kSyllables) {
    const uint32_t s = c - kHangul;
    out.push_back(kLead + s / (kVowels * kTails));
    out.push_back(kVowel + s % (kVowels * kTails) / kTails);
    if (s % kTails) out.push_back(kTail + s % kTails);
    return;
  }
  const auto found = decompositions().entry.find(c);
  if (found == decompositions().entry.end() || ((found->second[0] & 127) != 0 && !compatibility)) {
    out.push_back(c);
    return;
  }
  const uint32_t* p = found->second;
  for (uint32_t i = 0; i < p[1]; ++i) decompose(p[2 + i], compatibility, in_3_2, out);
}

uint32_t compose_pair(uint32_t a, uint32_t b) {
  if (a - kLead < 19 && b - kVowel < kVowels) return kHangul + ((a - kLead) * kVowels + (b - kVowel)) * kTails;
  if (a - kHangul < kSyllables && (a - kHangul) % kTails == 0 && b - kTail - 1 < kTails - 1) return a + (b - kTail);
  const auto found = decompositions().composed.find(uint64_t{a} << 32 | b);
  return found == decompositions().composed.end() ? 0 : found->second;
}

}  // namespace

std::vector<uint32_t> normalize(const std::vector<uint32_t>& text, Form form, bool in_3_2) {
  std::vector<uint32_t> out;
  out.reserve(text.size());
  for (uint32_t c : text) decompose(c, form == Form::KC || form == Form::KD, in_3_2, out);
  // Marks that follow a starter are put in the order of their classes.
  for (size_t i = 0; i < out.size();) {
    if (record(out[i]).combining == 0) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < out.size() && record(out[end]).combining != 0) ++end;
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(i), out.begin() + static_cast<std::ptrdiff_t>(end),
                     [](uint32_t a, uint32_t b) { return record(a).combining < record(b).combining; });
    i = end;
  }
  if (form == Form::D || form == Form::KD) return out;
  size_t starter = out.size(), kept = 0;
  int last_class = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const uint32_t c = out[i];
    const int combining = record(c).combining;
    if (starter < kept && (last_class < combining || last_class == 0)) {
      // Not blocked: nothing between has the same or a higher class (last_class 0 means: right behind the starter).
      const bool adjacent = kept == starter + 1;
      if (last_class != 0 || adjacent) {
        if (const uint32_t composed = compose_pair(out[starter], c)) {
          out[starter] = composed;
          continue;
        }
      }
    }
    if (combining == 0) starter = kept;
    last_class = combining;
    out[kept++] = c;
  }
  out.resize(kept);
  return out;
}

std::string decomposition(uint32_t c) {
  const auto found = decompositions().entry.find(c);
  if (found == decompositions().entry.end()) return {};
  const uint32_t* p = found->second;
  std::string text = kTags[p[0] & 127];
  for (uint32_t i = 0; i < p[1]; ++i) {
    char buffer[16];
    snprintf(buffer, sizeof buffer, "%s%04X", text.empty() ? "" : " ", p[2 + i]);
    text += buffer;
  }
  return text;
}

std::string normalize_nfkc(std::string_view utf8) {
  const auto* p = reinterpret_cast<const uint8_t*>(utf8.data());
  if (is_ascii(p, utf8.size())) return std::string(utf8);
  std::vector<uint32_t> text;
  for (const uint8_t* end = p + utf8.size(); p < end;) text.push_back(next_utf8(p));
  std::string out;
  for (uint32_t c : normalize(text, Form::KC)) append_utf8(out, c);
  return out;
}

}  // namespace hiss::unicode
