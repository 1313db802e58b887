// A library that somebody else has put where a binding looks for its own.
#include <cstdio>

__attribute__((constructor)) static void run() { fclose(fopen("planted-was-here", "w")); }
