package io.coloop;

/** Context variables and foreign context, captured together. */
record Seen(Context own, ContextCapture.Snapshot foreign) implements ContextCapture.Snapshot {
    @Override
    public ContextCapture.Scope open() {
        CurrentContext before = CurrentContext.get();
        ContextCapture.Scope scope = foreign.open();
        CurrentContext.put(own);
        return () -> {
            CurrentContext.put(before);
            scope.close();
        };
    }
}
