// time: clocks, sleeping, calendar time.
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <ctime>

#include "modules/module_content.h"
#include "modules/posix/functions.h"
#include "object/bytes.h"
#include "object/codecs_text.h"
#include "object/struct_sequence.h"

namespace hiss {

namespace {

StructSequenceType struct_time_type;
const StructField kTimeFields[] = {{"tm_year", "year, all digits"},
                                   {"tm_mon", "month, 1 (January) to 12"},
                                   {"tm_mday", "day of the month, 1 to 31"},
                                   {"tm_hour", "hour, 0 to 23"},
                                   {"tm_min", "minute, 0 to 59"},
                                   {"tm_sec", "second, 0 to 61"},
                                   {"tm_wday", "weekday, 0 (Monday) to 6 (Sunday)"},
                                   {"tm_yday", "day of the year, 1 to 366"},
                                   {"tm_isdst", "1 in summer time, 0 out of it, -1 if not known"},
                                   {"tm_zone", "short name of the time zone"},
                                   {"tm_gmtoff", "seconds east of UTC"}};

// ---- Clocks

constexpr int64_t kNanosecond = 1000000000;

Result<int64_t> read_clock(clockid_t clock) {
  timespec t;
  if (clock_gettime(clock, &t) < 0) return fail_errno(errno);
  return t.tv_sec * kNanosecond + t.tv_nsec;
}
Ref as_seconds(int64_t ns) {
  // Whole seconds first, so that no precision is lost that a double has.
  if (ns % kNanosecond == 0) return make_float(static_cast<double>(ns / kNanosecond));
  return make_float(static_cast<double>(ns) / 1e9);
}
template <clockid_t clock>
Ref clock_seconds(Value, const Value*) {
  return as_seconds(TRY(read_clock(clock)));
}
template <clockid_t clock>
Ref clock_nanoseconds(Value, const Value*) {
  return make_int(TRY(read_clock(clock)));
}

Result<clockid_t> clock_argument(Value v) { return static_cast<clockid_t>(TRY(to_c_int(v))); }
Ref time_clock_gettime(Value, const Value* a) { return as_seconds(TRY(read_clock(TRY(clock_argument(a[0]))))); }
Ref time_clock_gettime_ns(Value, const Value* a) { return make_int(TRY(read_clock(TRY(clock_argument(a[0]))))); }
Ref time_clock_settime(Value, const Value* a) {
  const clockid_t clock = TRY(clock_argument(a[0]));
  const timespec t = TRY(timespec_of(a[1]));
  return none_or_errno(clock_settime(clock, &t));
}
Ref time_clock_settime_ns(Value, const Value* a) {
  const clockid_t clock = TRY(clock_argument(a[0]));
  const int64_t ns = TRY(to_int64(a[1]));
  const timespec t{ns / kNanosecond, ns % kNanosecond};
  return none_or_errno(clock_settime(clock, &t));
}
Ref time_clock_getres(Value, const Value* a) {
  timespec t;
  if (clock_getres(TRY(clock_argument(a[0])), &t) < 0) return fail_errno(errno);
  return make_float(static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec));
}
Ref time_pthread_getcpuclockid(Value, const Value* a) {
  const uint64_t thread = TRY(to_uint_mask(a[0]));
  clockid_t clock;
  if (int code = pthread_getcpuclockid(static_cast<pthread_t>(thread), &clock)) return fail_errno(code);
  return make_int(clock);
}

Ref time_get_clock_info(Value, const Value* a) {
  Str* name = TRY(str_argument(a[0], "get_clock_info", "argument 1"));
  const std::string_view text = utf8_view(name);
  struct Info {
    const char* name;
    clockid_t clock;
    const char* implementation;
    bool monotonic, adjustable;
  };
  static const Info kClocks[] = {
      {"time", CLOCK_REALTIME, "clock_gettime(CLOCK_REALTIME)", false, true},
      {"monotonic", CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true, false},
      {"perf_counter", CLOCK_MONOTONIC, "clock_gettime(CLOCK_MONOTONIC)", true, false},
      {"process_time", CLOCK_PROCESS_CPUTIME_ID, "clock_gettime(CLOCK_PROCESS_CPUTIME_ID)", true, false},
      {"thread_time", CLOCK_THREAD_CPUTIME_ID, "clock_gettime(CLOCK_THREAD_CPUTIME_ID)", true, false}};
  for (const Info& info : kClocks) {
    if (text != info.name) continue;
    timespec t;
    clock_getres(info.clock, &t);
    Ref space = TRY(call(to_value(&simple_namespace_type)));
    Ref resolution = make_float(static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec));
    TRY(set_attr(space, intern("implementation"), make_str(info.implementation)));
    TRY(set_attr(space, intern("monotonic"), Value::boolean(info.monotonic)));
    TRY(set_attr(space, intern("adjustable"), Value::boolean(info.adjustable)));
    TRY(set_attr(space, intern("resolution"), resolution));
    return space;
  }
  return fail(exc::ValueError, "unknown clock");
}

// Seconds as nanoseconds, rounded up when `ceiling`, for waiting.
Result<int64_t> duration_argument(Value v) {
  if (is_float(v)) {
    const double d = float_value(v);
    if (std::isnan(d)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
    const double ns = std::ceil(d * 1e9);
    if (!(ns >= -9.2233720368547758e18 && ns < 9.2233720368547758e18))
      return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
    return static_cast<int64_t>(ns);
  }
  Ref number = TRY(index(v));
  const auto seconds = int_value(number);
  int64_t ns;
  if (!seconds || __builtin_mul_overflow(*seconds, kNanosecond, &ns))
    return fail(exc::OverflowError, "timestamp too large to convert to C _PyTime_t");
  return ns;
}

Ref time_sleep(Value, const Value* a) {
  const int64_t ns = TRY(duration_argument(a[0]));
  if (ns < 0) return fail(exc::ValueError, "sleep length must be non-negative");
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  timespec end = now;
  end.tv_sec += ns / kNanosecond;
  end.tv_nsec += ns % kNanosecond;
  if (end.tv_nsec >= kNanosecond) {
    ++end.tv_sec;
    end.tv_nsec -= kNanosecond;
  }
  for (;;) {
    int code;
    {
      AllowThreads allow;
      code = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nullptr);
    }
    if (code == 0) return Ref::none();
    if (code != EINTR) return fail_errno(code);
    TRY(run_signal_handlers());
  }
}

// ---- Calendar time

Ref struct_time_of(const tm& t, const char* zone, long offset) {
  return make_struct_sequence(
      struct_time_type, {make_int(t.tm_year + int64_t{1900}), make_int(t.tm_mon + 1), make_int(t.tm_mday),
                         make_int(t.tm_hour), make_int(t.tm_min), make_int(t.tm_sec), make_int((t.tm_wday + 6) % 7),
                         make_int(t.tm_yday + 1), make_int(t.tm_isdst), fs_decode(zone ? zone : ""), make_int(offset)});
}
Result<time_t> seconds_argument(Value v) {
  if (v.is_empty() || v.is_none()) return time(nullptr);
  if (is_float(v)) {
    const double d = std::floor(float_value(v));
    if (std::isnan(d)) return fail(exc::ValueError, "Invalid value NaN (not a number)");
    if (!(d >= -9.2233720368547758e18 && d < 9.2233720368547758e18))
      return fail(exc::OverflowError, "timestamp out of range for platform time_t");
    return static_cast<time_t>(d);
  }
  Ref number = TRY(index(v));
  const auto i = int_value(number);
  if (!i) return fail(exc::OverflowError, "timestamp out of range for platform time_t");
  return static_cast<time_t>(*i);
}
Ref time_gmtime(Value, const Value* a) {
  const time_t when = TRY(seconds_argument(a[0]));
  tm t;
  errno = 0;
  if (!gmtime_r(&when, &t)) return fail_errno(errno ? errno : EINVAL);
  return struct_time_of(t, "UTC", 0);
}
Ref time_localtime(Value, const Value* a) {
  const time_t when = TRY(seconds_argument(a[0]));
  tm t;
  errno = 0;
  if (!localtime_r(&when, &t)) return fail_errno(errno ? errno : EINVAL);
  return struct_time_of(t, t.tm_zone, t.tm_gmtoff);
}

// Keeps the zone's text alive beside the tm that points to it.
struct CalendarTime {
  tm t{};
  std::string zone;
};
Result<CalendarTime> calendar_argument(Value v, const char* function) {
  if (!is<Tuple>(v)) return fail(exc::TypeError, "Tuple or struct_time argument required");
  auto* tuple = as<Tuple>(v);
  if (tuple->size != 9) return fail(exc::TypeError, "{}(): illegal time tuple argument", function);
  int64_t values[9];
  for (int i = 0; i < 9; ++i) values[i] = TRY(to_c_int(tuple->items[i]));
  if (values[0] < INT32_MIN + int64_t{1900}) return fail(exc::OverflowError, "year out of range");
  CalendarTime c;
  c.t.tm_year = static_cast<int>(values[0] - 1900);
  c.t.tm_mon = static_cast<int>(values[1] - 1);
  c.t.tm_mday = static_cast<int>(values[2]);
  c.t.tm_hour = static_cast<int>(values[3]);
  c.t.tm_min = static_cast<int>(values[4]);
  c.t.tm_sec = static_cast<int>(values[5]);
  c.t.tm_wday = static_cast<int>((values[6] + 1) % 7);
  c.t.tm_yday = static_cast<int>(values[7] - 1);
  c.t.tm_isdst = static_cast<int>(values[8]);
  if (type_of(v) == &struct_time_type) {
    if (is<Str>(tuple->items[9])) c.zone = utf8_view(as<Str>(tuple->items[9]));
    if (is_int(tuple->items[10])) c.t.tm_gmtoff = int_value(tuple->items[10]).value_or(0);
  }
  return Result<CalendarTime>(std::move(c));
}
// Zero is accepted for month, day and yearday, which mean the first; what is outside cannot be indexed by C.
Status check_bounds(tm& t) {
  if (t.tm_mon == -1) t.tm_mon = 0;
  if (t.tm_mon < 0 || t.tm_mon > 11) return fail(exc::ValueError, "month out of range");
  if (t.tm_mday == 0) t.tm_mday = 1;
  if (t.tm_mday < 0 || t.tm_mday > 31) return fail(exc::ValueError, "day of month out of range");
  if (t.tm_hour < 0 || t.tm_hour > 23) return fail(exc::ValueError, "hour out of range");
  if (t.tm_min < 0 || t.tm_min > 59) return fail(exc::ValueError, "minute out of range");
  if (t.tm_sec < 0 || t.tm_sec > 61) return fail(exc::ValueError, "seconds out of range");
  if (t.tm_wday < 0) return fail(exc::ValueError, "day of week out of range");
  if (t.tm_yday == -1) t.tm_yday = 0;
  if (t.tm_yday < 0 || t.tm_yday > 365) return fail(exc::ValueError, "day of year out of range");
  return kOk;
}

Ref asctime_of(const tm& t) {
  static const char* const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return make_str(fmt::format("{} {}{:3d} {:02d}:{:02d}:{:02d} {}", kDays[t.tm_wday], kMonths[t.tm_mon], t.tm_mday,
                              t.tm_hour, t.tm_min, t.tm_sec, 1900 + static_cast<int64_t>(t.tm_year)));
}
Ref time_asctime(Value, const Value* a) {
  if (!a[0]) {
    const time_t now = time(nullptr);
    tm t;
    localtime_r(&now, &t);
    return asctime_of(t);
  }
  CalendarTime c = TRY(calendar_argument(a[0], "asctime"));
  TRY(check_bounds(c.t));
  return asctime_of(c.t);
}
Ref time_ctime(Value, const Value* a) {
  const time_t when = TRY(seconds_argument(a[0]));
  tm t;
  errno = 0;
  if (!localtime_r(&when, &t)) return fail_errno(errno ? errno : EINVAL);
  return asctime_of(t);
}
Ref time_mktime(Value, const Value* a) {
  CalendarTime c = TRY(calendar_argument(a[0], "mktime"));
  c.t.tm_wday = -1;  // stays -1 only when mktime failed
  const time_t when = mktime(&c.t);
  if (when == -1 && c.t.tm_wday == -1) return fail(exc::OverflowError, "mktime argument out of range");
  return make_float(static_cast<double>(when));
}
Ref time_strftime(Value, const Value* a) {
  Str* format = TRY(str_argument(a[0], "strftime", "argument 1"));
  CalendarTime c;
  if (a[1]) {
    c = TRY(calendar_argument(a[1], "strftime"));
    TRY(check_bounds(c.t));
    if (!c.zone.empty()) c.t.tm_zone = c.zone.c_str();
  } else {
    const time_t now = time(nullptr);
    localtime_r(&now, &c.t);
  }
  if (!c.t.tm_zone) c.t.tm_zone = tzname[c.t.tm_isdst > 0];
  c.t.tm_isdst = c.t.tm_isdst < -1 ? -1 : c.t.tm_isdst > 1 ? 1 : c.t.tm_isdst;
  std::string pattern;
  if (format->ascii) {
    pattern = format->ascii_view();
  } else {
    Ref bytes = TRY(encode_utf8(to_value(format), "surrogateescape"));
    pattern = as<Bytes>(bytes)->view();
  }
  // Text between embedded zeros is formatted piece by piece.
  std::string out;
  for (size_t start = 0;;) {
    const size_t end = pattern.find('\0', start);
    const std::string piece = pattern.substr(start, end == pattern.npos ? end : end - start);
    if (!piece.empty()) {
      std::string buffer(1024, '\0');
      for (;;) {
        const size_t n = strftime(buffer.data(), buffer.size(), piece.c_str(), &c.t);
        if (n > 0 || buffer.size() >= 256 * piece.size()) {
          out.append(buffer, 0, n);
          break;
        }
        buffer.resize(buffer.size() * 2);
      }
    }
    if (end == pattern.npos) break;
    out += '\0';
    start = end + 1;
  }
  return fs_decode(out);
}
Ref time_strptime(Value, const Value* a) {
  Ref module = TRY(import_module("_strptime"));
  Ref function = TRY(get_attr(module, "_strptime_time"));
  return call_with(function, as<Tuple>(a[0]), nullptr);
}

// The zone's names and offsets, from its state in January and July of this year.
Status set_zone(Value module) {
  constexpr time_t kYear = (365 * 24 + 6) * 3600;
  const time_t start = (time(nullptr) / kYear) * kYear;
  tm january, july;
  localtime_r(&start, &january);
  const std::string january_name = january.tm_zone ? january.tm_zone : "";
  const time_t middle = start + kYear / 2;
  localtime_r(&middle, &july);
  const std::string july_name = july.tm_zone ? july.tm_zone : "";
  const long january_offset = -january.tm_gmtoff, july_offset = -july.tm_gmtoff;
  const bool southern = january_offset < july_offset;  // summer lies around January
  add_int(module, "timezone", southern ? july_offset : january_offset);
  add_int(module, "altzone", southern ? january_offset : july_offset);
  add_int(module, "daylight", january_offset != july_offset);
  Ref first = TRY(fs_decode(southern ? july_name : january_name));
  Ref second = TRY(fs_decode(southern ? january_name : july_name));
  Ref pair = make_tuple({first, second});
  add_object(module, "tzname", pair);
  return kOk;
}
Ref time_tzset(Value module, const Value*) {
  tzset();
  TRY(set_zone(module));
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"time", "($module, /)", clock_seconds<CLOCK_REALTIME>,
     "time() -> float\n\nSeconds since the epoch, 1970-01-01 00:00 UTC, by the system's clock."},
    {"time_ns", "($module, /)", clock_nanoseconds<CLOCK_REALTIME>, "time_ns() -> int\n\nAs time(), in nanoseconds."},
    {"monotonic", "($module, /)", clock_seconds<CLOCK_MONOTONIC>,
     "monotonic() -> float\n\nSeconds by a clock that is never set back; only differences mean something."},
    {"monotonic_ns", "($module, /)", clock_nanoseconds<CLOCK_MONOTONIC>,
     "monotonic_ns() -> int\n\nAs monotonic(), in nanoseconds."},
    {"perf_counter", "($module, /)", clock_seconds<CLOCK_MONOTONIC>,
     "perf_counter() -> float\n\nSeconds by the finest clock there is, for measuring short times; only differences "
     "mean something."},
    {"perf_counter_ns", "($module, /)", clock_nanoseconds<CLOCK_MONOTONIC>,
     "perf_counter_ns() -> int\n\nAs perf_counter(), in nanoseconds."},
    {"process_time", "($module, /)", clock_seconds<CLOCK_PROCESS_CPUTIME_ID>,
     "process_time() -> float\n\nSeconds of processor time that all threads of this process have used."},
    {"process_time_ns", "($module, /)", clock_nanoseconds<CLOCK_PROCESS_CPUTIME_ID>,
     "process_time_ns() -> int\n\nAs process_time(), in nanoseconds."},
    {"thread_time", "($module, /)", clock_seconds<CLOCK_THREAD_CPUTIME_ID>,
     "thread_time() -> float\n\nSeconds of processor time that this thread has used."},
    {"thread_time_ns", "($module, /)", clock_nanoseconds<CLOCK_THREAD_CPUTIME_ID>,
     "thread_time_ns() -> int\n\nAs thread_time(), in nanoseconds."},
    {"clock_gettime", "($module, clk_id, /)", time_clock_gettime,
     "clock_gettime(clk_id) -> float\n\nRead the clock clk_id, in seconds."},
    {"clock_gettime_ns", "($module, clk_id, /)", time_clock_gettime_ns,
     "clock_gettime_ns(clk_id) -> int\n\nRead the clock clk_id, in nanoseconds."},
    {"clock_settime", "($module, clk_id, time, /)", time_clock_settime,
     "clock_settime(clk_id, time)\n\nSet the clock clk_id to time, in seconds; needs privileges."},
    {"clock_settime_ns", "($module, clk_id, time, /)", time_clock_settime_ns,
     "clock_settime_ns(clk_id, time)\n\nSet the clock clk_id to time, in nanoseconds; needs privileges."},
    {"clock_getres", "($module, clk_id, /)", time_clock_getres,
     "clock_getres(clk_id) -> float\n\nThe smallest step of the clock clk_id, in seconds."},
    {"pthread_getcpuclockid", "($module, thread_id, /)", time_pthread_getcpuclockid,
     "pthread_getcpuclockid(thread_id) -> int\n\nThe clock that measures the processor time of one thread."},
    {"get_clock_info", "($module, name, /)", time_get_clock_info,
     "get_clock_info(name: str) -> SimpleNamespace\n\nHow the clock behind the function called name works: "
     "implementation, monotonic, adjustable, resolution."},
    {"sleep", "($module, seconds, /)", time_sleep,
     "sleep(seconds)\n\nStop this thread for at least that many seconds, fractions included."},
    {"gmtime", "($module, seconds=None, /)", time_gmtime,
     "gmtime([seconds]) -> struct_time\n\nBreak seconds since the epoch (default: now) down into date and time in "
     "UTC."},
    {"localtime", "($module, seconds=None, /)", time_localtime,
     "localtime([seconds]) -> struct_time\n\nBreak seconds since the epoch (default: now) down into local date and "
     "time."},
    {"asctime", "($module, tuple=None, /)", time_asctime,
     "asctime([tuple]) -> str\n\nWrite a time (default: localtime()) as in 'Fri Mar  5 08:03:59 2021'."},
    {"ctime", "($module, seconds=None, /)", time_ctime,
     "ctime([seconds]) -> str\n\nWhat asctime(localtime(seconds)) returns; seconds defaults to now."},
    {"mktime", "($module, tuple, /)", time_mktime,
     "mktime(tuple) -> float\n\nThe inverse of localtime(): seconds since the epoch of a local date and time."},
    {"strftime", "($module, format, tuple=None, /)", time_strftime,
     "strftime(format[, tuple]) -> str\n\nWrite a time (default: localtime()), replacing codes in format such as %Y "
     "and %H."},
    {"strptime", "($module, /, *args)", time_strptime,
     "strptime(string, format) -> struct_time\n\nRead a time from string by the codes in format, such as %Y and %H. "
     "ValueError if it does not match."},
    {"tzset", "($module, /)", time_tzset, "tzset()\n\nTake the time zone from the environment variable TZ again."},
    {}};

Status initialize(Value module) {
  define_struct_sequence(struct_time_type, {"time.struct_time",
                                            "A date and time broken down into its fields: a tuple of nine integers "
                                            "with names, and tm_zone and tm_gmtoff besides.",
                                            kTimeFields, 11, 9});
  add_type(module, struct_time_type);
  add_int(module, "_STRUCT_TM_ITEMS", 11);
  add_int(module, "CLOCK_REALTIME", CLOCK_REALTIME);
  add_int(module, "CLOCK_MONOTONIC", CLOCK_MONOTONIC);
  add_int(module, "CLOCK_MONOTONIC_RAW", CLOCK_MONOTONIC_RAW);
  add_int(module, "CLOCK_PROCESS_CPUTIME_ID", CLOCK_PROCESS_CPUTIME_ID);
  add_int(module, "CLOCK_THREAD_CPUTIME_ID", CLOCK_THREAD_CPUTIME_ID);
  add_int(module, "CLOCK_BOOTTIME", CLOCK_BOOTTIME);
  add_int(module, "CLOCK_TAI", CLOCK_TAI);
  tzset();
  return set_zone(module);
}

}  // namespace

extern const ModuleDef time_module;
const ModuleDef time_module = {
    "time", "Clocks, and conversions between seconds since the epoch, broken-down times (struct_time) and text.",
    kFunctions, initialize};

}  // namespace hiss
