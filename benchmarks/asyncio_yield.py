"""asyncio's sleep(0), a ping-pong through futures, and its locks and queues, in nanoseconds per await or pair of calls: one line
each, name and median of 9."""
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


async def lock():
    lock = asyncio.Lock()
    for _ in range(AWAITS):
        await lock.acquire()
        lock.release()


async def semaphore():
    semaphore = asyncio.Semaphore(1)
    for _ in range(AWAITS):
        await semaphore.acquire()
        semaphore.release()


async def queue():
    queue = asyncio.Queue(16)
    for _ in range(AWAITS):
        await queue.put("item")
        await queue.get()


async def lock_hand_over():
    lock = asyncio.Lock()

    async def contend():
        for i in range(AWAITS // 2):
            await lock.acquire()
            if i == 0:
                await asyncio.sleep(0)
            lock.release()

    other = asyncio.create_task(contend())
    await contend()
    await other


async def queue_hand_over():
    there, back = asyncio.Queue(), asyncio.Queue()

    async def answer():
        for _ in range(AWAITS // 2):
            await back.put(await there.get())

    other = asyncio.create_task(answer())
    for _ in range(AWAITS // 2):
        await there.put("item")
        await back.get()
    await other


def measure(coroutine_function):
    started = time.perf_counter_ns()
    asyncio.run(coroutine_function())
    return (time.perf_counter_ns() - started) / AWAITS


for name, function in (
    ("yieldAlone", yields),
    ("pingPong", ping_pong),
    ("lock", lock),
    ("semaphore", semaphore),
    ("queue", queue),
    ("lockHandOver", lock_hand_over),
    ("queueHandOver", queue_hand_over),
):
    print(name, round(statistics.median(measure(function) for _ in range(9)), 1))
