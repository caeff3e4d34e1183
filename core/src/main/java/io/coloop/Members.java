package io.coloop;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tasks of a group that have not ended, in the order of spawning. Loop only. */
final class Members implements Origin {
    private final Loop loop;
    private final Consumer<Task<?>> whenDone;
    private @Nullable Member oldest;
    private @Nullable Member youngest;
    private int count;

    /**
     * @param whenDone called for each task that ended, from the ready queue, when it is no member any more
     */
    Members(Loop loop, Consumer<Task<?>> whenDone) {
        this.loop = loop;
        this.whenDone = whenDone;
    }

    void add(Task<?> task) {
        Member member = new Member(task, youngest);
        if (youngest == null) {
            oldest = member;
        } else {
            youngest.younger = member;
        }
        youngest = member;
        count++;
        task.register(member);
    }

    private void remove(Member member) {
        if (member.older == null) {
            oldest = member.younger;
        } else {
            member.older.younger = member.younger;
        }
        if (member.younger == null) {
            youngest = member.older;
        } else {
            member.younger.older = member.older;
        }
        count--;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void cancel(@Nullable String reason) {
        for (Member member = oldest; member != null; member = member.younger) {
            member.task.cancel(reason);
        }
    }

    @Override
    public boolean needsAll() {
        return true;
    }

    @Override
    public List<Task<?>> awaited() {
        List<Task<?>> tasks = new ArrayList<>(count);
        for (Member member = oldest; member != null; member = member.younger) {
            tasks.add(member.task);
        }
        return tasks;
    }

    @Override
    public String toString() {
        return count + " tasks";
    }

    private final class Member extends Listener {
        private final Task<?> task;
        private @Nullable Member older;
        private @Nullable Member younger;

        Member(Task<?> task, @Nullable Member older) {
            this.task = task;
            this.older = older;
        }

        @Override
        Loop loop() {
            return loop;
        }

        @Override
        boolean observes() {
            return true;
        }

        @Override
        boolean mayTurnAway() {
            return true;
        }

        @Override
        public void run() {
            remove(this);
            whenDone.accept(task);
        }
    }
}
