// Wine 8 has no bcryptprimitives.dll; Rust's standard library takes its random numbers from there.
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(void *into, ULONG bytes); // RtlGenRandom

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *into, SIZE_T bytes)
{
    const ULONG most = 1 << 20;
    for (; bytes > most; into += most, bytes -= most)
        if (!SystemFunction036(into, most)) return FALSE;
    return SystemFunction036(into, (ULONG)bytes);
}
