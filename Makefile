# The commands of the project. Every target works from a fresh Debian 12 checkout; `make deps` needs root (or sudo) only when something is missing.
PACKAGES = g++ cmake ninja-build ccache clang-format python3 python3.11 libpython3.11-stdlib \
  libfmt-dev libgmp-dev zlib1g-dev libdnnl-dev libhwy-dev nlohmann-json3-dev libpng-dev libssl-dev libbz2-dev liblzma-dev libgtest-dev libasmjit-dev \
  libpython3.11-testsuite
PYTHON ?= /usr/bin/python3.11
JOBS ?= $(shell nproc)
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)
SOURCES = $(shell git ls-files 'src/*.cpp' 'src/*.h' 'include/*.h' 'tests/*.cpp' 'tests/*.h' 'examples/*.cpp')

FUZZ_SECONDS ?= 600

.PHONY: all deps build demo test bench pgo asan fuzz format format-check clean

all: build

deps:
	@missing=; for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	  echo "installing:$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi

build: deps
	cmake --preset release
	ninja -C build -j$(JOBS)

demo: build
	build/hiss examples/digits.py

test: build
	$(PYTHON) tests/run

bench: build
	$(PYTHON) bench/interpreter/compare.py

# The fastest runtime: built with a profile of bench/interpreter/train.py and optimized at link time, as Debian's python3.11
# is. Takes two builds; everything else works without it.
pgo: deps
	cmake --preset pgo -DHISS_PROFILE=generate
	ninja -C build-pgo -j$(JOBS) hiss
	$(PYTHON) bench/interpreter/train.py build-pgo/hiss
	cmake --preset pgo -DHISS_PROFILE=use
	ninja -C build-pgo -j$(JOBS) hiss

# The unit and language tests under the address and undefined-behaviour sanitizers. Hiss leaves live objects to the
# operating system when it exits, so leaks are not reported; a size that malloc refuses must become MemoryError.
asan: deps
	cmake --preset asan
	ninja -C build-asan -j$(JOBS)
	ulimit -s 65532; ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(PYTHON) tests/run --build build-asan unit language

# libFuzzer (clang) on each target for FUZZ_SECONDS. The inputs it keeps lie in build-fuzz/corpus, those that crash or hang
# in build-fuzz/findings; a repaired one belongs into tests/fuzz/corpus, which every test run replays.
fuzz: PACKAGES += clang-14 libclang-rt-14-dev
fuzz: deps
	cmake --preset fuzz
	ninja -C build-fuzz -j$(JOBS) fuzz_source fuzz_conversion
	$(PYTHON) tests/fuzz/run --seconds $(FUZZ_SECONDS)

format:
	clang-format -i $(SOURCES)

format-check:
	clang-format --dry-run --Werror $(SOURCES)

clean:
	rm -rf build build-debug build-asan build-fuzz
