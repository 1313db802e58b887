package glance.ops.parity;

import glance.backend.Device;
import glance.backend.DeviceInfo;
import glance.backend.DeviceMemory;
import glance.backend.KernelTable;
import glance.backend.Op;
import glance.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/** A device that notes which operations ran. */
public final class NotingDevice implements Device {
    private final Device device;
    private final KernelTable kernels = new KernelTable();
    private final List<Op> ran = new ArrayList<>();

    /** Runs everything on another device, which is closed with this one. */
    public NotingDevice(Device device) {
        this.device = device;
        device.kernels().kinds().forEach(this::note);
    }

    private <O extends Op> void note(Class<O> kind) {
        kernels.with(
                kind,
                op -> {
                    ran.add(op);
                    device.kernels().run(op);
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

    @Override
    public DeviceInfo info() {
        return device.info();
    }

    @Override
    public DType computeType() {
        return device.computeType();
    }

    @Override
    public DeviceMemory memory() {
        return device.memory();
    }

    @Override
    public KernelTable kernels() {
        return kernels;
    }

    @Override
    public void synchronize() {
        device.synchronize();
    }

    @Override
    public void close() {
        device.close();
    }
}
