package glance;

import glance.api.Request;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A request that is drawn beside others: see {@link Model#draw(List)}. */
public final class Order {
    private final Request request;
    private final Listener listener;
    private final CompletableFuture<List<Picture>> pictures = new CompletableFuture<>();

    /**
     * @param listener hears of this request alone, and may end it
     */
    public Order(Request request, Listener listener) {
        this.request = request;
        this.listener = listener;
    }

    /** What is drawn. */
    public Request request() {
        return request;
    }

    /** Who hears of it. */
    public Listener listener() {
        return listener;
    }

    /**
     * Its pictures as soon as all are finished, or else what {@link Model#draw(Request, Listener)}
     * would throw. What depends on it runs on the model's own thread, so it must be quick.
     */
    public CompletableFuture<List<Picture>> pictures() {
        return pictures;
    }
}
