#include "platform/terminal.h"

#include "posix.h"

static UINT code_page; /* of the console before us; 0: none */
static DWORD modes[3]; /* and its modes, by descriptor */
static bool is_changed[3];
static bool obeys[3];

const char *const spf_terminal_end = "Ctrl-Z (and Enter)";

static HANDLE handle_of(int fd)
{
    return (HANDLE)_get_osfhandle(fd);
}

static void restore(void)
{
    for (int fd = 1; fd < 3; fd++) {
        if (is_changed[fd]) {
            (void)SetConsoleMode(handle_of(fd), modes[fd]);
        }
    }
    if (code_page != 0) {
        (void)SetConsoleOutputCP(code_page);
    }
}

/* A pipe of Cygwin's and MSYS's that Git Bash's terminal reads ("\msys-…-pty0-to-master"). */
static bool is_pty(int fd)
{
    struct {
        FILE_NAME_INFO info;
        wchar_t room[MAX_PATH];
    } name = {0};

    return GetFileType(handle_of(fd)) == FILE_TYPE_PIPE &&
           GetFileInformationByHandleEx(handle_of(fd), FileNameInfo, &name, sizeof name) &&
           (wcsstr(name.info.FileName, L"msys-") != NULL ||
            wcsstr(name.info.FileName, L"cygwin-") != NULL) &&
           wcsstr(name.info.FileName, L"-pty") != NULL;
}

static bool is_console(int fd)
{
    DWORD mode;

    return GetConsoleMode(handle_of(fd), &mode);
}

/* The C runtime's says yes to NUL as well. */
int spf_isatty(int fd)
{
    return is_console(fd) || is_pty(fd);
}

/*
 * A console may take the mode and not obey all the same (wine's does): a sequence that it obeys
 * does not move the cursor. Of one that it prints the traces are removed.
 */
static bool takes_sequences(int fd)
{
    CONSOLE_SCREEN_BUFFER_INFO before;
    CONSOLE_SCREEN_BUFFER_INFO after;
    DWORD done;

    if (!GetConsoleScreenBufferInfo(handle_of(fd), &before) ||
        !WriteConsoleW(handle_of(fd), L"\x1b[m", 3, &done, NULL) ||
        !GetConsoleScreenBufferInfo(handle_of(fd), &after)) {
        return false;
    }
    if (after.dwCursorPosition.X == before.dwCursorPosition.X) {
        return true;
    }
    (void)SetConsoleCursorPosition(handle_of(fd), before.dwCursorPosition);
    (void)WriteConsoleW(handle_of(fd), L"   ", 3, &done, NULL);
    (void)SetConsoleCursorPosition(handle_of(fd), before.dwCursorPosition);
    return false;
}

void spf_terminal_init(void)
{
    bool any = false;

    for (int fd = 1; fd < 3; fd++) {
        if (!GetConsoleMode(handle_of(fd), &modes[fd])) {
            continue;
        }
        any = true;
        is_changed[fd] = SetConsoleMode(handle_of(fd), modes[fd] | ENABLE_PROCESSED_OUTPUT |
                                                           ENABLE_VIRTUAL_TERMINAL_PROCESSING);
        obeys[fd] = is_changed[fd] && takes_sequences(fd);
    }
    if (any && GetConsoleOutputCP() != CP_UTF8) {
        code_page = GetConsoleOutputCP();
        (void)SetConsoleOutputCP(CP_UTF8);
    }
    if (any) {
        (void)atexit(restore);
    }
}

bool spf_terminal_is_utf8(void)
{
    return true; /* the console was made so, and files and pipes are read as such today */
}

int spf_terminal_width(int fd)
{
    CONSOLE_SCREEN_BUFFER_INFO info;

    if (GetConsoleScreenBufferInfo(handle_of(fd), &info)) {
        return info.srWindow.Right - info.srWindow.Left + 1;
    }
    return spf_isatty(fd) != 0 ? 80 : 0;
}

bool spf_terminal_obeys(int fd)
{
    const char *term = getenv("TERM");

    if (is_pty(fd)) {
        return term == NULL || strcmp(term, "dumb") != 0;
    }
    return is_console(fd) && obeys[fd];
}

/* A line of the console, without echo; false: it cannot be read. */
static bool read_line(HANDLE in, wchar_t *wide, DWORD room)
{
    DWORD mode;
    DWORD len = 0;
    bool read;

    if (!GetConsoleMode(in, &mode)) {
        return false;
    }
    (void)SetConsoleMode(in, ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT);
    read = ReadConsoleW(in, wide, room - 1, &len, NULL) && len > 0;
    (void)SetConsoleMode(in, mode);
    while (len > 0 && (wide[len - 1] == L'\n' || wide[len - 1] == L'\r')) {
        len--;
    }
    wide[len] = L'\0';
    return read;
}

bool spf_terminal_ask(const char *prompt, char *answer, size_t room)
{
    HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ, NULL,
                            OPEN_EXISTING, 0, NULL);
    HANDLE out =
        CreateFileW(L"CONOUT$", GENERIC_WRITE, FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    wchar_t wide[2048] = L"", *shown = spf_wide(prompt);
    bool answered = false;
    DWORD written;

    if (in != INVALID_HANDLE_VALUE && out != INVALID_HANDLE_VALUE && shown != NULL) {
        (void)WriteConsoleW(out, shown, (DWORD)wcslen(shown), &written, NULL);
        answered = read_line(in, wide, 2048) &&
                   WideCharToMultiByte(CP_UTF8, 0, wide, -1, answer, (int)room, NULL, NULL) > 0;
        (void)WriteConsoleW(out, L"\r\n", 2, &written, NULL);
    }
    explicit_bzero(wide, sizeof wide);
    free(shown);
    if (in != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(in);
    }
    if (out != INVALID_HANDLE_VALUE) {
        (void)CloseHandle(out);
    }
    return answered;
}
