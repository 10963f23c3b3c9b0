// Stands between a test and a Windows program in Wine's console, and does to it what Wine's console passes on from no
// Unix terminal: mouse, another size, Ctrl-C, and the system's own wishes.
//
//   console.exe PORT COLUMNS ROWS PROGRAM.exe [ARGUMENT...]
//
// Starts the program in this console, made that large, and ends as the program ends. PORT is where the test listens on 127.0.0.1 (0: nowhere). The
// test sends a line for each thing to do, and gets `done` or `failed CODE` for it:
//
//   click COLUMN ROW | wheel COLUMN ROW NOTCHES | ctrl-c | resize COLUMNS ROWS
//   event NUMBER     a console event: 0 Ctrl-C, 2 the window is closed, 5 log-off, 6 shut-down
//   kill             the end, with nobody asked
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>

static HANDLE program;

static BOOL type(INPUT_RECORD *records, DWORD count)
{
    HANDLE keyboard = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
        OPEN_EXISTING, 0, NULL);
    DWORD written = 0;
    BOOL done = WriteConsoleInputW(keyboard, records, count, &written) && written == count;
    CloseHandle(keyboard);
    return done;
}

static BOOL mouse(int column, int row, DWORD buttons, DWORD flags)
{
    INPUT_RECORD record = { .EventType = MOUSE_EVENT };
    record.Event.MouseEvent.dwMousePosition.X = (SHORT)column;
    record.Event.MouseEvent.dwMousePosition.Y = (SHORT)row;
    record.Event.MouseEvent.dwButtonState = buttons;
    record.Event.MouseEvent.dwEventFlags = flags;
    return type(&record, 1);
}

static BOOL ctrl_c(BOOL down)
{
    INPUT_RECORD record = { .EventType = KEY_EVENT };
    record.Event.KeyEvent.bKeyDown = down;
    record.Event.KeyEvent.wRepeatCount = 1;
    record.Event.KeyEvent.wVirtualKeyCode = 'C';
    record.Event.KeyEvent.uChar.UnicodeChar = 3;
    record.Event.KeyEvent.dwControlKeyState = LEFT_CTRL_PRESSED;
    return type(&record, 1);
}

static BOOL resize(int columns, int rows)
{
    HANDLE screen = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
        OPEN_EXISTING, 0, NULL);
    COORD size = { (SHORT)columns, (SHORT)rows };
    SMALL_RECT least = { 0, 0, 0, 0 }, whole = { 0, 0, (SHORT)(columns - 1), (SHORT)(rows - 1) };
    // The window must never be larger than what it shows.
    BOOL done = SetConsoleWindowInfo(screen, TRUE, &least) && SetConsoleScreenBufferSize(screen, size)
        && SetConsoleWindowInfo(screen, TRUE, &whole);
    CloseHandle(screen);
    return done;
}

// As Windows does it: a thread in the program that calls its handlers.
static BOOL event(int number)
{
    FARPROC routine = GetProcAddress(GetModuleHandleW(L"kernelbase.dll"), "CtrlRoutine");
    if (!routine) return FALSE;
    HANDLE thread
        = CreateRemoteThread(program, NULL, 0, (LPTHREAD_START_ROUTINE)(void *)routine, (void *)(INT_PTR)number, 0, NULL);
    if (thread) CloseHandle(thread);
    return thread != NULL;
}

static BOOL act(const char *line)
{
    int a = 0, b = 0, c = 0;
    if (sscanf(line, "click %d %d", &a, &b) == 2)
        return mouse(a, b, FROM_LEFT_1ST_BUTTON_PRESSED, 0) && mouse(a, b, 0, 0);
    if (sscanf(line, "wheel %d %d %d", &a, &b, &c) == 3) return mouse(a, b, (DWORD)(c * WHEEL_DELTA) << 16, MOUSE_WHEELED);
    if (sscanf(line, "resize %d %d", &a, &b) == 2) return resize(a, b);
    if (sscanf(line, "event %d", &a) == 1) return event(a);
    if (!strncmp(line, "ctrl-c", 6)) return ctrl_c(TRUE) && ctrl_c(FALSE);
    if (!strncmp(line, "kill", 4)) return TerminateProcess(program, 9);
    SetLastError(ERROR_INVALID_FUNCTION);
    return FALSE;
}

static DWORD WINAPI obey(void *port)
{
    WSADATA data;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((u_short)(INT_PTR)port) };
    char line[128], answer[32];
    int length = 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    WSAStartup(MAKEWORD(2, 2), &data);
    SOCKET test = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(test, (struct sockaddr *)&address, sizeof address)) return 1;
    while (length < (int)sizeof line - 1 && recv(test, line + length, 1, 0) == 1) {
        if (line[length++] != '\n') continue;
        line[length - 1] = 0;
        length = 0;
        if (act(line)) strcpy(answer, "done\n");
        else sprintf(answer, "failed %lu\n", GetLastError());
        send(test, answer, (int)strlen(answer), 0);
    }
    return 0;
}

static BOOL WINAPI stay(DWORD event)
{
    (void)event; // meant for the program; whoever started it ends with it
    return TRUE;
}

// What follows the first words of the command line, as it was written.
static WCHAR *rest(WCHAR *line, int words)
{
    while (words--) {
        for (BOOL quoted = FALSE; *line && (quoted || *line != ' '); line++)
            if (*line == '"') quoted = !quoted;
        while (*line == ' ') line++;
    }
    return line;
}

int wmain(int count, WCHAR **words)
{
    STARTUPINFOW how = { .cb = sizeof how };
    PROCESS_INFORMATION started;
    DWORD code = 1;
    if (count < 5) return 2;
    SetConsoleCtrlHandler(stay, TRUE);
    resize(_wtoi(words[2]), _wtoi(words[3]));
    if (!CreateProcessW(NULL, rest(GetCommandLineW(), 4), NULL, NULL, TRUE, 0, NULL, NULL, &how, &started)) {
        fprintf(stderr, "console.exe: %ls does not start: %lu\n", words[4], GetLastError());
        return 1;
    }
    program = started.hProcess;
    int port = _wtoi(words[1]);
    if (port) CreateThread(NULL, 0, obey, (void *)(INT_PTR)port, 0, NULL);
    WaitForSingleObject(program, INFINITE);
    GetExitCodeProcess(program, &code);
    return (int)code;
}
