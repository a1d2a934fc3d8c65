# For CMake: a 64-bit Windows program is made with Debian's mingw-w64, against static libraries only.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

# Where tests/windows/libraries.sh has put them; what this system has for itself is not looked at.
set(libraries "$ENV{SPF_WINDOWS_LIBRARIES}" CACHE PATH "Prefix of the static libraries for Windows")
set(CMAKE_FIND_ROOT_PATH ${libraries})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${libraries}/lib/pkgconfig)
set(PKG_CONFIG_ARGN --static CACHE STRING "")

# Windows 10: what the program asks for, too. Of the processor's own instructions nobody wants to read, which are half
# of what windows.h includes.
set(CMAKE_C_FLAGS_INIT
    "-D_WIN32_WINNT=0x0A00 -D_X86INTRIN_H_INCLUDED -D_IMMINTRIN_H_INCLUDED -ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -Wl,--gc-sections")

# Behind all static libraries, whatever their order.
set(CMAKE_C_STANDARD_LIBRARIES "-lws2_32 -liphlpapi -lbcrypt -ladvapi32 -luserenv -lcrypt32 -lsecur32 -lgdi32"
    CACHE STRING "")
