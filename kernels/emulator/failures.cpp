// What went wrong in a launch: the first complaint counts.
#include <cstdarg>
#include <cstdio>

#include "emulator.h"

namespace emulator {
namespace {

bool failed;
char failureText[2048];
const char* kernelName = "";

}  // namespace

void fail(const char* format, ...) {
    if (!failed) {
        failed = true;
        char where[200], what[1700];
        describe_place(where, sizeof where);
        va_list list;
        va_start(list, format);
        vsnprintf(what, sizeof what, format, list);
        va_end(list);
        snprintf(failureText, sizeof failureText, "kernel %s, %s: %s", kernelName, where, what);
    }
    yield_failed();
    throw failureText;  // only the scheduler itself comes here; launch() catches
}

bool has_failed() { return failed; }
void clear_failure() { failed = false; }
const char* failure() { return failureText; }
void set_kernel_name(const char* name) { kernelName = name; }

}  // namespace emulator
