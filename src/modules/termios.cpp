// termios: terminal attributes.
#include <sys/ioctl.h>
#include <termios.h>

#include "modules/module_content.h"
#include "modules/posix/path_argument.h"
#include "object/bytes.h"

namespace hiss {

namespace {

Ref error_class;

Failure fail_termios() {
  const int code = errno;
  Ref message = make_str(strerror(code));
  Ref error = call(error_class, {Value::integer(code), message});
  if (error.is_error()) return Failure{};
  return fail_with(error);
}

Ref termios_tcgetattr(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  termios mode;
  if (tcgetattr(fd, &mode) < 0) return fail_termios();
  Ref cc = make_list();
  for (int i = 0; i < NCCS; ++i) list_append(as<List>(cc), make_bytes(&mode.c_cc[i], 1));
  if (!(mode.c_lflag & ICANON)) {
    // Without line editing these two are numbers.
    for (int i : {VMIN, VTIME}) {
      Ref position = make_int(i), value = make_int(mode.c_cc[i]);
      TRY(set_item(cc, position, value));
    }
  }
  Ref list = make_list();
  for (uint32_t v : {mode.c_iflag, mode.c_oflag, mode.c_cflag, mode.c_lflag, static_cast<uint32_t>(cfgetispeed(&mode)),
                     static_cast<uint32_t>(cfgetospeed(&mode))}) {
    list_append(as<List>(list), Value::integer(v));
  }
  list_append(as<List>(list), cc);
  return list;
}
Ref termios_tcsetattr(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0])), when = TRY(to_c_int(a[1]));
  if (!is<List>(a[2]) || as<List>(a[2])->size != 7)
    return fail(exc::TypeError, "tcsetattr, arg 3: must be 7 element list");
  termios mode;
  if (tcgetattr(fd, &mode) < 0) return fail_termios();
  Value* items = as<List>(a[2])->items;
  tcflag_t* const flags[] = {&mode.c_iflag, &mode.c_oflag, &mode.c_cflag, &mode.c_lflag};
  for (int i = 0; i < 4; ++i) *flags[i] = static_cast<tcflag_t>(TRY(to_uint_mask(items[i])));
  const auto in = static_cast<speed_t>(TRY(to_uint_mask(items[4]))),
             out = static_cast<speed_t>(TRY(to_uint_mask(items[5])));
  if (!is<List>(items[6]) || as<List>(items[6])->size != NCCS)
    return fail(exc::TypeError, "tcsetattr: attributes[6] must be {} element list", NCCS);
  for (int i = 0; i < NCCS; ++i) {
    Value v = as<List>(items[6])->items[i];
    if (is<Bytes>(v) && as<Bytes>(v)->length == 1) {
      mode.c_cc[i] = as<Bytes>(v)->data[0];
    } else if (is_int(v)) {
      mode.c_cc[i] = static_cast<cc_t>(int_value(v).value_or(0));
    } else {
      return fail(exc::TypeError, "tcsetattr: elements of attributes must be characters or integers");
    }
  }
  if (cfsetispeed(&mode, in) < 0 || cfsetospeed(&mode, out) < 0) return fail_termios();
  if (TRY(blocking_call([&] { return tcsetattr(fd, when, &mode); })) < 0) return fail_termios();
  return Ref::none();
}
template <int (*function)(int, int)>
Ref with_number(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0])), number = TRY(to_c_int(a[1]));
  if (TRY(blocking_call([&] { return function(fd, number); })) < 0) return fail_termios();
  return Ref::none();
}
Ref termios_tcdrain(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  if (TRY(blocking_call([&] { return tcdrain(fd); })) < 0) return fail_termios();
  return Ref::none();
}
Ref termios_tcgetwinsize(Value, const Value* a) {
  winsize w;
  if (ioctl(TRY(file_descriptor(a[0])), TIOCGWINSZ, &w) < 0) return fail_termios();
  return make_tuple({Value::integer(w.ws_row), Value::integer(w.ws_col)});
}
Ref termios_tcsetwinsize(Value, const Value* a) {
  const int fd = TRY(file_descriptor(a[0]));
  Ref pair = TRY(to_tuple(a[1]));
  if (as<Tuple>(pair)->size != 2) return fail(exc::TypeError, "tcsetwinsize, arg 2: must be a two-item sequence");
  winsize w;
  if (ioctl(fd, TIOCGWINSZ, &w) < 0) return fail_termios();
  const int64_t rows = TRY(to_int64(as<Tuple>(pair)->items[0])), columns = TRY(to_int64(as<Tuple>(pair)->items[1]));
  w.ws_row = static_cast<unsigned short>(rows);
  w.ws_col = static_cast<unsigned short>(columns);
  if (w.ws_row != rows || w.ws_col != columns) return fail(exc::OverflowError, "winsize value(s) out of range.");
  if (ioctl(fd, TIOCSWINSZ, &w) < 0) return fail_termios();
  return Ref::none();
}

const NativeDef kFunctions[] = {
    {"tcgetattr", "($module, fd, /)", termios_tcgetattr,
     "The terminal settings of fd: [iflag, oflag, cflag, lflag, ispeed, ospeed, cc]."},
    {"tcsetattr", "($module, fd, when, attributes, /)", termios_tcsetattr,
     "Give the terminal fd the settings in attributes, a list as from tcgetattr(), at the time that when says."},
    {"tcsendbreak", "($module, fd, duration, /)", with_number<tcsendbreak>,
     "Send a break, a stream of zero bits, to the terminal fd; with duration 0 it lasts a quarter to half a second."},
    {"tcflush", "($module, fd, queue, /)", with_number<tcflush>,
     "Throw away what fd has received but not read, or what was written but not sent, or both, as queue says."},
    {"tcflow", "($module, fd, action, /)", with_number<tcflow>,
     "Stop or restart the output to fd, or the input from it, as action says."},
    {"tcdrain", "($module, fd, /)", termios_tcdrain, "Wait until the terminal has sent all that was written to fd."},
    {"tcgetwinsize", "($module, fd, /)", termios_tcgetwinsize, "The size of the terminal fd, as (rows, columns)."},
    {"tcsetwinsize", "($module, fd, winsize, /)", termios_tcsetwinsize,
     "Set the size of the terminal fd; winsize is (rows, columns)."},
    {}};

struct Constant {
  const char* name;
  int64_t value;
};
// As the Linux headers number them.
const Constant kConstants[] = {
    {"B0", 0ll},
    {"B1000000", 4104ll},
    {"B110", 3ll},
    {"B115200", 4098ll},
    {"B1152000", 4105ll},
    {"B1200", 9ll},
    {"B134", 4ll},
    {"B150", 5ll},
    {"B1500000", 4106ll},
    {"B1800", 10ll},
    {"B19200", 14ll},
    {"B200", 6ll},
    {"B2000000", 4107ll},
    {"B230400", 4099ll},
    {"B2400", 11ll},
    {"B2500000", 4108ll},
    {"B300", 7ll},
    {"B3000000", 4109ll},
    {"B3500000", 4110ll},
    {"B38400", 15ll},
    {"B4000000", 4111ll},
    {"B460800", 4100ll},
    {"B4800", 12ll},
    {"B50", 1ll},
    {"B500000", 4101ll},
    {"B57600", 4097ll},
    {"B576000", 4102ll},
    {"B600", 8ll},
    {"B75", 2ll},
    {"B921600", 4103ll},
    {"B9600", 13ll},
    {"BRKINT", 2ll},
    {"BS0", 0ll},
    {"BS1", 8192ll},
    {"BSDLY", 8192ll},
    {"CBAUD", 4111ll},
    {"CBAUDEX", 4096ll},
    {"CDSUSP", 25ll},
    {"CEOF", 4ll},
    {"CEOL", 0ll},
    {"CEOT", 4ll},
    {"CERASE", 127ll},
    {"CFLUSH", 15ll},
    {"CIBAUD", 269418496ll},
    {"CINTR", 3ll},
    {"CKILL", 21ll},
    {"CLNEXT", 22ll},
    {"CLOCAL", 2048ll},
    {"CQUIT", 28ll},
    {"CR0", 0ll},
    {"CR1", 512ll},
    {"CR2", 1024ll},
    {"CR3", 1536ll},
    {"CRDLY", 1536ll},
    {"CREAD", 128ll},
    {"CRPRNT", 18ll},
    {"CRTSCTS", 2147483648ll},
    {"CS5", 0ll},
    {"CS6", 16ll},
    {"CS7", 32ll},
    {"CS8", 48ll},
    {"CSIZE", 48ll},
    {"CSTART", 17ll},
    {"CSTOP", 19ll},
    {"CSTOPB", 64ll},
    {"CSUSP", 26ll},
    {"CWERASE", 23ll},
    {"ECHO", 8ll},
    {"ECHOCTL", 512ll},
    {"ECHOE", 16ll},
    {"ECHOK", 32ll},
    {"ECHOKE", 2048ll},
    {"ECHONL", 64ll},
    {"ECHOPRT", 1024ll},
    {"EXTA", 14ll},
    {"EXTB", 15ll},
    {"FF0", 0ll},
    {"FF1", 32768ll},
    {"FFDLY", 32768ll},
    {"FIOASYNC", 21586ll},
    {"FIOCLEX", 21585ll},
    {"FIONBIO", 21537ll},
    {"FIONCLEX", 21584ll},
    {"FIONREAD", 21531ll},
    {"FLUSHO", 4096ll},
    {"HUPCL", 1024ll},
    {"ICANON", 2ll},
    {"ICRNL", 256ll},
    {"IEXTEN", 32768ll},
    {"IGNBRK", 1ll},
    {"IGNCR", 128ll},
    {"IGNPAR", 4ll},
    {"IMAXBEL", 8192ll},
    {"INLCR", 64ll},
    {"INPCK", 16ll},
    {"IOCSIZE_MASK", 1073676288ll},
    {"IOCSIZE_SHIFT", 16ll},
    {"ISIG", 1ll},
    {"ISTRIP", 32ll},
    {"IUCLC", 512ll},
    {"IXANY", 2048ll},
    {"IXOFF", 4096ll},
    {"IXON", 1024ll},
    {"NCC", 8ll},
    {"NCCS", 32ll},
    {"NL0", 0ll},
    {"NL1", 256ll},
    {"NLDLY", 256ll},
    {"NOFLSH", 128ll},
    {"N_MOUSE", 2ll},
    {"N_PPP", 3ll},
    {"N_SLIP", 1ll},
    {"N_STRIP", 4ll},
    {"N_TTY", 0ll},
    {"OCRNL", 8ll},
    {"OFDEL", 128ll},
    {"OFILL", 64ll},
    {"OLCUC", 2ll},
    {"ONLCR", 4ll},
    {"ONLRET", 32ll},
    {"ONOCR", 16ll},
    {"OPOST", 1ll},
    {"PARENB", 256ll},
    {"PARMRK", 8ll},
    {"PARODD", 512ll},
    {"PENDIN", 16384ll},
    {"TAB0", 0ll},
    {"TAB1", 2048ll},
    {"TAB2", 4096ll},
    {"TAB3", 6144ll},
    {"TABDLY", 6144ll},
    {"TCFLSH", 21515ll},
    {"TCGETA", 21509ll},
    {"TCGETS", 21505ll},
    {"TCIFLUSH", 0ll},
    {"TCIOFF", 2ll},
    {"TCIOFLUSH", 2ll},
    {"TCION", 3ll},
    {"TCOFLUSH", 1ll},
    {"TCOOFF", 0ll},
    {"TCOON", 1ll},
    {"TCSADRAIN", 1ll},
    {"TCSAFLUSH", 2ll},
    {"TCSANOW", 0ll},
    {"TCSBRK", 21513ll},
    {"TCSBRKP", 21541ll},
    {"TCSETA", 21510ll},
    {"TCSETAF", 21512ll},
    {"TCSETAW", 21511ll},
    {"TCSETS", 21506ll},
    {"TCSETSF", 21508ll},
    {"TCSETSW", 21507ll},
    {"TCXONC", 21514ll},
    {"TIOCCONS", 21533ll},
    {"TIOCEXCL", 21516ll},
    {"TIOCGETD", 21540ll},
    {"TIOCGICOUNT", 21597ll},
    {"TIOCGLCKTRMIOS", 21590ll},
    {"TIOCGPGRP", 21519ll},
    {"TIOCGSERIAL", 21534ll},
    {"TIOCGSOFTCAR", 21529ll},
    {"TIOCGWINSZ", 21523ll},
    {"TIOCINQ", 21531ll},
    {"TIOCLINUX", 21532ll},
    {"TIOCMBIC", 21527ll},
    {"TIOCMBIS", 21526ll},
    {"TIOCMGET", 21525ll},
    {"TIOCMIWAIT", 21596ll},
    {"TIOCMSET", 21528ll},
    {"TIOCM_CAR", 64ll},
    {"TIOCM_CD", 64ll},
    {"TIOCM_CTS", 32ll},
    {"TIOCM_DSR", 256ll},
    {"TIOCM_DTR", 2ll},
    {"TIOCM_LE", 1ll},
    {"TIOCM_RI", 128ll},
    {"TIOCM_RNG", 128ll},
    {"TIOCM_RTS", 4ll},
    {"TIOCM_SR", 16ll},
    {"TIOCM_ST", 8ll},
    {"TIOCNOTTY", 21538ll},
    {"TIOCNXCL", 21517ll},
    {"TIOCOUTQ", 21521ll},
    {"TIOCPKT", 21536ll},
    {"TIOCPKT_DATA", 0ll},
    {"TIOCPKT_DOSTOP", 32ll},
    {"TIOCPKT_FLUSHREAD", 1ll},
    {"TIOCPKT_FLUSHWRITE", 2ll},
    {"TIOCPKT_NOSTOP", 16ll},
    {"TIOCPKT_START", 8ll},
    {"TIOCPKT_STOP", 4ll},
    {"TIOCSCTTY", 21518ll},
    {"TIOCSERCONFIG", 21587ll},
    {"TIOCSERGETLSR", 21593ll},
    {"TIOCSERGETMULTI", 21594ll},
    {"TIOCSERGSTRUCT", 21592ll},
    {"TIOCSERGWILD", 21588ll},
    {"TIOCSERSETMULTI", 21595ll},
    {"TIOCSERSWILD", 21589ll},
    {"TIOCSER_TEMT", 1ll},
    {"TIOCSETD", 21539ll},
    {"TIOCSLCKTRMIOS", 21591ll},
    {"TIOCSPGRP", 21520ll},
    {"TIOCSSERIAL", 21535ll},
    {"TIOCSSOFTCAR", 21530ll},
    {"TIOCSTI", 21522ll},
    {"TIOCSWINSZ", 21524ll},
    {"TOSTOP", 256ll},
    {"VDISCARD", 13ll},
    {"VEOF", 4ll},
    {"VEOL", 11ll},
    {"VEOL2", 16ll},
    {"VERASE", 2ll},
    {"VINTR", 0ll},
    {"VKILL", 3ll},
    {"VLNEXT", 15ll},
    {"VMIN", 6ll},
    {"VQUIT", 1ll},
    {"VREPRINT", 12ll},
    {"VSTART", 8ll},
    {"VSTOP", 9ll},
    {"VSUSP", 10ll},
    {"VSWTC", 7ll},
    {"VSWTCH", 7ll},
    {"VT0", 0ll},
    {"VT1", 16384ll},
    {"VTDLY", 16384ll},
    {"VTIME", 5ll},
    {"VWERASE", 14ll},
    {"XCASE", 4ll},
    {"XTABS", 6144ll},
};
Status initialize(Value module) {
  for (const Constant& c : kConstants) add_int(module, c.name, c.value);
  Ref name = make_str_ascii("error"), bases = make_tuple({to_value(&exc::Exception)}), space = make_dict();
  dict_set(as<Dict>(space), names.__module__, make_str_ascii("termios"));
  error_class = TRY(call(to_value(&type_type), {name, bases, space}));
  add_object(module, "error", error_class);
  return kOk;
}

}  // namespace

extern const ModuleDef termios_module;
const ModuleDef termios_module = {"termios", "Settings of terminals, through the POSIX functions tc*().", kFunctions,
                                  initialize};

}  // namespace hiss
