// marshal: values and code objects as bytes (the format of .pyc files).
#pragma once

#include <string>

#include "object/protocol.h"

namespace hiss {

inline constexpr int kMarshalVersion = 4;
/// ValueError "unmarshallable object" and the like.
Result<std::string> marshal_dump(Value v, int version = kMarshalVersion);
Ref marshal_load(std::string_view data);

// The type bytes, as CPython's.
enum MarshalType : uint8_t {
  kMarshalNull = '0',
  kMarshalNone = 'N',
  kMarshalFalse = 'F',
  kMarshalTrue = 'T',
  kMarshalStopIteration = 'S',
  kMarshalEllipsis = '.',
  kMarshalInt = 'i',
  kMarshalInt64 = 'I',
  kMarshalFloat = 'f',
  kMarshalBinaryFloat = 'g',
  kMarshalComplex = 'x',
  kMarshalBinaryComplex = 'y',
  kMarshalLong = 'l',
  kMarshalBytes = 's',
  kMarshalInterned = 't',
  kMarshalRef = 'r',
  kMarshalTuple = '(',
  kMarshalList = '[',
  kMarshalDict = '{',
  kMarshalCode = 'c',
  kMarshalUnicode = 'u',
  kMarshalSet = '<',
  kMarshalFrozenset = '>',
  kMarshalAscii = 'a',
  kMarshalAsciiInterned = 'A',
  kMarshalSmallTuple = ')',
  kMarshalShortAscii = 'z',
  kMarshalShortAsciiInterned = 'Z',
};
inline constexpr uint8_t kMarshalFlagRef = 0x80;

struct Code;
/// The fields of a code object that are not Python values, as bytes; inline caches are left out (code_data.cpp).
std::string pack_code(const Code* code);
/// Fills them in: false when the data makes no sense.
bool unpack_code(Code* code, std::string_view data);
/// Differs between builds whose instructions differ: part of the magic number of .pyc files.
uint16_t bytecode_fingerprint();

}  // namespace hiss
