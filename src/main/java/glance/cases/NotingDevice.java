package glance.cases;

import glance.backend.Device;
import glance.backend.KernelTable;
import glance.op.Op;
import java.util.ArrayList;
import java.util.List;

/** A device that notes which operations ran. */
public final class NotingDevice extends ForwardingDevice {
    private final List<Op> ran = new ArrayList<>();

    /** Runs everything on another device, which is closed with this one. */
    public NotingDevice(Device device) {
        super(device, new KernelTable());
        device.kernels().kinds().forEach(kind -> note(kind, device.kernels()));
    }

    private <O extends Op> void note(Class<O> kind, KernelTable run) {
        kernels()
                .with(
                        kind,
                        op -> {
                            ran.add(op);
                            run.run(op);
                        });
    }

    /** The operations since the start or the last {@link #forget}, in order. */
    public List<Op> ran() {
        return ran;
    }

    /** How many operations of a kind ran. */
    public long count(Class<? extends Op> kind) {
        return ran.stream().filter(kind::isInstance).count();
    }

    /** Starts anew. */
    public void forget() {
        ran.clear();
    }
}
