#include "platform/child.h"

#include "posix.h"

#include "base/text.h"
#include "platform/child_system.h"
#include "pump.h"

#define LINE_MAX_BYTES 32767 /* of a command line (CreateProcessW) */
#define ENDED_HARD     1     /* exit status of what is ended by us */

const char *const spf_child_needed[] = {
    "PATH",        "SSH_AUTH_SOCK", "SystemRoot",   "SystemDrive", "windir",
    "USERPROFILE", "USERNAME",      "USERDOMAIN",   "HOMEDRIVE",   "HOMEPATH",
    "APPDATA",     "LOCALAPPDATA",  "TEMP",         "TMP",         "COMSPEC",
    "PATHEXT",     "ProgramData",   "ProgramFiles", "HOME",        NULL};

bool spf_child_names_equal(const char *a, const char *b, size_t len)
{
    return _strnicmp(a, b, len) == 0;
}

/* ---- which program ---- */

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* The directory and the word, with one of the ends that a program has. */
static bool find_in(const char *directory, size_t len, const char *word, char *path, size_t size)
{
    static const char *const ends[] = {"", ".com", ".exe", ".bat", ".cmd"};
    const char *name = strrchr(word, '\\'), *end = strrchr(name != NULL ? name : word, '.');

    for (size_t i = end != NULL ? 0 : 1; i < sizeof ends / sizeof *ends; i++) {
        if (spf_format_whole(path, size, "%.*s%s%s%s", (int)len, directory, len > 0 ? "\\" : "",
                             word, ends[i]) &&
            is_program(path)) {
            return true;
        }
    }
    return false;
}

/* Never in the current directory, nor in one that PATH names relative to it. */
bool spf_child_find(const char *word, char *path, size_t size)
{
    const char *dirs = getenv("PATH"), *system = getenv("SystemRoot");
    char own[MAX_PATH];

    if (strpbrk(word, "/\\") != NULL) {
        return find_in("", 0, word, path, size);
    }
    for (; dirs != NULL && *dirs != '\0'; dirs += *dirs == ';') {
        const bool quoted = *dirs == '"';
        const size_t len = strcspn(dirs + quoted, quoted ? "\"" : ";");

        if (len > 2 && (dirs[quoted + 1] == ':' || dirs[quoted] == '\\') &&
            find_in(dirs + quoted, len, word, path, size)) {
            return true;
        }
        dirs += quoted + len;
        dirs += strcspn(dirs, ";");
    }
    /* where Windows has its own ssh, in PATH or not */
    return system != NULL && spf_format_whole(own, sizeof own, "%s\\System32\\OpenSSH", system) &&
           find_in(own, strlen(own), word, path, size);
}

const char *const spf_child_no_shell_says = "' error"; /* of a "match exec '…' error" */

/* readconf.c, execute_in_shell, there: system(3), which starts %COMSPEC%. A file that is there and
 * is no program is an error; one that is not there would be replaced by cmd. */
const char *spf_child_no_shell(void)
{
    static char variable[MAX_PATH];
    const char *system = getenv("SystemRoot");

    spf_format(variable, sizeof variable, "COMSPEC=%s\\win.ini",
               system != NULL ? system : "C:\\Windows");
    return variable;
}

/* ---- its command line and environment ---- */

/* As programs of Microsoft's C library take a line apart: a backslash counts before a quote only.
 */
static void add_word(struct spf_buf *line, const char *word)
{
    const bool plain = word[0] != '\0' && strpbrk(word, " \t\n\v\"") == NULL;

    if (line->len > 0) {
        spf_buf_addch(line, ' ');
    }
    if (plain) {
        spf_buf_addstr(line, word);
        return;
    }
    spf_buf_addch(line, '"');
    while (*word != '\0') {
        const size_t slashes = strspn(word, "\\");
        const bool doubled = word[slashes] == '"' || word[slashes] == '\0';

        for (size_t i = 0; i < slashes * (doubled ? 2 : 1); i++) {
            spf_buf_addch(line, '\\');
        }
        word += slashes;
        if (*word == '"') {
            spf_buf_addch(line, '\\');
        }
        if (*word != '\0') {
            spf_buf_addch(line, *word++);
        }
    }
    spf_buf_addch(line, '"');
}

/*
 * A ProxyCommand is no shell's there: Microsoft's ssh starts the program that its line begins with
 * (misc.c, build_commandline_string): up to the blank after the first ".exe", else to its end.
 */
static void add_command(struct spf_buf *line, const char *command)
{
    const char *exe = strstr(command, ".exe"), *blank = exe != NULL ? strchr(exe, ' ') : NULL;
    const int len = (int)(blank != NULL ? blank - command : (ptrdiff_t)strlen(command));

    if (command[0] == '"') {
        spf_buf_addstr(line, command);
    } else {
        spf_buf_addf(line, "\"%.*s\"%s", len, command, command + len);
    }
}

/*
 * Line within line, each level quoted and its "%" doubled once more. The program stands in quotes,
 * else Microsoft's ssh looks for the end of its name (add_command). What tells which one it is
 * changes nothing: no session is opened to which a variable would be sent.
 */
bool spf_child_proxy(struct spf_buf *command, char **variable, const char *const *words,
                     size_t number)
{
    struct spf_buf word;

    *variable = NULL;
    spf_buf_addf(command, "\"%s\" -oSendEnv=SSHPREFLIGHT_HOP_%zu", words[0], number);
    for (size_t i = 1; words[i] != NULL; i++) {
        if (strcmp(words[i - 1], "-W") == 0) {
            spf_buf_addstr(command, " [%h]:%p");
            continue;
        }
        spf_buf_init(&word, LINE_MAX_BYTES);
        for (const char *at = words[i]; *at != '\0'; at++) {
            if (*at == '%') {
                spf_buf_addch(&word, '%');
            }
            spf_buf_addch(&word, *at);
        }
        add_word(command, word.data);
        command->failed |= spf_buf_failed(&word);
        spf_buf_clear(&word);
    }
    return !spf_buf_failed(command);
}

/* The whole, ended by an empty one; NULL: no memory. */
static wchar_t *block_of(const struct spf_child_environment *environment)
{
    wchar_t *block;
    wchar_t *at;
    size_t room = 2;

    for (size_t i = 0; i < environment->count; i++) {
        room += strlen(environment->variables[i]) + 1;
    }
    block = at = calloc(room, sizeof *block);
    for (size_t i = 0; block != NULL && i < environment->count; i++) {
        const int len = MultiByteToWideChar(CP_UTF8, 0, environment->variables[i], -1, at,
                                            (int)(room - (size_t)(at - block) - 1));

        at += len; /* 0: it is left out */
    }
    return block;
}

/* ---- children that have been started ---- */

struct child {
    HANDLE process;
    HANDLE job;
    pid_t id;
    struct child *next;
};
static struct child *children;
static SRWLOCK lock = SRWLOCK_INIT; /* of the list */

static struct child *take(pid_t id)
{
    struct child *found = NULL;

    AcquireSRWLockExclusive(&lock);
    for (struct child **at = &children; *at != NULL && found == NULL;) {
        if ((*at)->id == id) {
            found = *at;
            *at = found->next;
        } else {
            at = &(*at)->next;
        }
    }
    ReleaseSRWLockExclusive(&lock);
    return found;
}

static void keep(struct child *child)
{
    AcquireSRWLockExclusive(&lock);
    child->next = children;
    children = child;
    ReleaseSRWLockExclusive(&lock);
}

void spf_child_kill(pid_t child)
{
    AcquireSRWLockShared(&lock);
    for (struct child *at = children; at != NULL; at = at->next) {
        if (at->id == child) {
            (void)TerminateJobObject(at->job, ENDED_HARD);
        }
    }
    ReleaseSRWLockShared(&lock);
}

/* All that it starts is of the job, and ends with its last handle: with us, too. */
static HANDLE new_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags =
                                                       JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    HANDLE job = CreateJobObjectW(NULL, NULL);

    if (job != NULL) {
        (void)SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits,
                                      sizeof limits);
    }
    return job;
}

/* ---- its standard handles ---- */

struct given {
    HANDLE handles[3];           /* the child's, which it inherits */
    struct spf_pump_ends pumped; /* what lies between them and a socket */
};

static HANDLE inheritable(HANDLE handle)
{
    HANDLE twin = NULL;

    return DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &twin, 0, TRUE,
                           DUPLICATE_SAME_ACCESS)
               ? twin
               : NULL;
}

static HANDLE nothing(int i)
{
    SECURITY_ATTRIBUTES security = {.nLength = sizeof security, .bInheritHandle = TRUE};
    HANDLE handle =
        CreateFileW(L"NUL", i == 0 ? GENERIC_READ : GENERIC_WRITE,
                    FILE_SHARE_READ | FILE_SHARE_WRITE, &security, OPEN_EXISTING, 0, NULL);

    return handle != INVALID_HANDLE_VALUE ? handle : NULL;
}

/* Programs wait for a socket otherwise than for a pipe, and few know how: a pipe to or from it. */
static HANDLE pipe_of_socket(int i, struct spf_pump_ends *pumped)
{
    HANDLE ends[2];
    HANDLE twin;

    if (!CreatePipe(&ends[0], &ends[1], NULL, 65536)) {
        return NULL;
    }
    twin = inheritable(ends[i == 0 ? 0 : 1]);
    (void)CloseHandle(ends[i == 0 ? 0 : 1]);
    if (i == 0) {
        pumped->writes = ends[1];
    } else {
        pumped->reads = ends[0];
    }
    return twin;
}

static bool give(const int fds[3], struct given *given)
{
    bool good = true;

    *given = (struct given){0};
    for (int i = 0; i < 3; i++) {
        if (fds[i] < 0) {
            given->handles[i] = nothing(i);
        } else if (fds[i] < SPF_SOCKETS) {
            given->handles[i] = inheritable((HANDLE)_get_osfhandle(fds[i]));
        } else {
            given->handles[i] = pipe_of_socket(i, &given->pumped);
        }
        good = good && given->handles[i] != NULL;
    }
    return good;
}

static void take_back(struct given *given)
{
    for (int i = 0; i < 3; i++) {
        if (given->handles[i] != NULL) {
            (void)CloseHandle(given->handles[i]);
        }
    }
}

/* ---- start and end ---- */

/* Without a window: what it starts has none either, and it cannot ask in ours. */
static bool create(const wchar_t *path, wchar_t *line, wchar_t *environment, HANDLE handles[3],
                   PROCESS_INFORMATION *made)
{
    const DWORD flags = CREATE_UNICODE_ENVIRONMENT | CREATE_SUSPENDED | CREATE_NO_WINDOW |
                        EXTENDED_STARTUPINFO_PRESENT;
    STARTUPINFOEXW start = {.StartupInfo = {.cb = sizeof start,
                                            .dwFlags = STARTF_USESTDHANDLES,
                                            .hStdInput = handles[0],
                                            .hStdOutput = handles[1],
                                            .hStdError = handles[2]}};
    SIZE_T size = 0;
    bool good;

    (void)InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    start.lpAttributeList = malloc(size);
    if (start.lpAttributeList == NULL) {
        return false;
    }
    good = InitializeProcThreadAttributeList(start.lpAttributeList, 1, 0, &size);
    if (good) {
        good =
            UpdateProcThreadAttribute(start.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                                      (void *)handles, 3 * sizeof *handles, NULL, NULL) &&
            CreateProcessW(path, line, NULL, NULL, TRUE, flags, environment, NULL,
                           &start.StartupInfo, made);
        if (!good) {
            errno = spf_errno_of(GetLastError());
        }
        DeleteProcThreadAttributeList(start.lpAttributeList);
    }
    free(start.lpAttributeList);
    return good;
}

/* Of a process that waits to run; it ends where it cannot be held together with what it starts. */
static pid_t hold(const PROCESS_INFORMATION *made)
{
    struct child *child = calloc(1, sizeof *child);
    HANDLE job = new_job();
    pid_t id = -1;

    if (child != NULL && job != NULL && AssignProcessToJobObject(job, made->hProcess)) {
        *child = (struct child){made->hProcess, job, (pid_t)made->dwProcessId, NULL};
        id = child->id;
        keep(child);
        (void)ResumeThread(made->hThread);
    } else {
        (void)TerminateProcess(made->hProcess, ENDED_HARD);
        (void)CloseHandle(made->hProcess);
        if (job != NULL) {
            (void)CloseHandle(job);
        }
        free(child);
        errno = ENOMEM;
    }
    (void)CloseHandle(made->hThread);
    return id;
}

static pid_t start(const struct spf_child_program *program, const char *path, char *line)
{
    wchar_t *wide_path = path != NULL ? spf_wide_path(path) : NULL, *wide_line = spf_wide(line);
    wchar_t *environment = block_of(program->environment);
    PROCESS_INFORMATION made;
    struct given given;
    pid_t id = -1;

    errno = ENOMEM;
    if (give(program->fds, &given) && wide_line != NULL && environment != NULL &&
        (path == NULL || wide_path != NULL) &&
        create(wide_path, wide_line, environment, given.handles, &made)) {
        id = hold(&made);
    }
    take_back(&given);
    if (given.pumped.reads != NULL || given.pumped.writes != NULL) {
        const int error = errno;

        spf_pump_start(&given.pumped, program->fds[1]);
        errno = error;
    }
    free(environment);
    free(wide_line);
    free(wide_path);
    return id;
}

pid_t spf_child_start(const struct spf_child_program *program)
{
    const char *path = program->path;
    char found[PATH_MAX];
    struct spf_buf line;
    pid_t id = -1;

    spf_buf_init(&line, LINE_MAX_BYTES);
    if (program->command != NULL) {
        add_command(&line, program->command);
    } else {
        if (path == NULL) {
            path = spf_child_find(program->words[0], found, sizeof found) ? found : NULL;
        }
        for (size_t i = 0; program->words[i] != NULL; i++) {
            add_word(&line, program->words[i]);
        }
    }
    if (program->command == NULL && path == NULL) {
        errno = ENOENT;
    } else if (spf_buf_failed(&line) || program->environment->variables == NULL) {
        errno = ENOMEM;
    } else {
        id = start(program, path, line.data);
    }
    spf_buf_clear(&line);
    return id;
}

void spf_child_await(pid_t id, unsigned grace_ms)
{
    HANDLE process = NULL; /* which stays open: its thread alone takes it from the list */

    AcquireSRWLockShared(&lock);
    for (const struct child *at = children; at != NULL; at = at->next) {
        if (at->id == id) {
            process = at->process;
        }
    }
    ReleaseSRWLockShared(&lock);
    if (process != NULL) {
        (void)WaitForSingleObject(process, grace_ms);
    }
}

int spf_child_wait(pid_t *id, unsigned grace_ms)
{
    struct child *child = *id > 0 ? take(*id) : NULL;
    DWORD code = ENDED_HARD;
    bool in_time;

    *id = -1;
    if (child == NULL) {
        return -1;
    }
    in_time = WaitForSingleObject(child->process, grace_ms) == WAIT_OBJECT_0;
    (void)TerminateJobObject(child->job, ENDED_HARD);
    in_time = in_time && GetExitCodeProcess(child->process, &code);
    (void)CloseHandle(child->process);
    (void)CloseHandle(child->job);
    free(child);
    if (!in_time) {
        return -1;
    }
    return code < 256 ? (int)code << 8 : 255 << 8; /* more than 255: an exception has ended it */
}

int spf_child_end(pid_t *child, unsigned grace_ms)
{
    (void)grace_ms;
    return spf_child_wait(child, 0);
}
