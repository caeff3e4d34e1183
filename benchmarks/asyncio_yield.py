"""asyncio's sleep(0) and a ping-pong through futures, in nanoseconds per await: one line each, name and median of 9."""
import asyncio
import statistics
import time

AWAITS = 100_000


async def yields():
    for _ in range(AWAITS):
        await asyncio.sleep(0)


async def ping_pong():
    loop = asyncio.get_running_loop()
    awaited = None

    async def play():
        nonlocal awaited
        for i in range(AWAITS // 2):
            mine = loop.create_future()
            if awaited is not None:
                awaited.set_result(i)
            awaited = mine
            await mine

    other = loop.create_task(play())
    await play()
    awaited.set_result(0)
    await other


def measure(coroutine_function):
    started = time.perf_counter_ns()
    asyncio.run(coroutine_function())
    return (time.perf_counter_ns() - started) / AWAITS


for name, function in (("yieldAlone", yields), ("pingPong", ping_pong)):
    print(name, round(statistics.median(measure(function) for _ in range(9)), 1))
