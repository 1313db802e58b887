package glance.backend.cuda;

import glance.api.DeviceInfo;
import glance.api.DeviceOptions;
import glance.api.Precision;
import glance.backend.Device;
import glance.backend.DeviceMemory;
import glance.backend.KernelTable;
import glance.backend.Lifetime;
import glance.backend.Replay;
import glance.backend.cuda.driver.Driver;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.DType;
import java.util.Map;
import java.util.stream.Collectors;

/** A GPU as a device, on whichever driver. All work is queued on one stream. */
final class CudaDevice implements Device {
    private final DeviceInfo info;
    private final Driver driver;
    private final long stream;
    private final CudaMemory memory;
    private final Graphs graphs;
    private final DType computeType;
    private final Libraries libraries;
    private final KernelTable kernels;
    private final DeviceClock clock;

    CudaDevice(DeviceInfo info, Driver driver, DeviceOptions options) {
        this(info, driver, options, new CudaVariants(options.variants()));
    }

    CudaDevice(DeviceInfo info, Driver driver, DeviceOptions options, CudaVariants variants) {
        this.info = describe(info, options.variants());
        this.driver = driver;
        this.computeType = options.precision() == Precision.F32 ? DType.F32 : DType.BF16;
        this.stream = driver.createStream();
        this.libraries = openLibraries(options);
        this.memory = new CudaMemory(driver, stream, computeType, options.memoryBytes());
        this.graphs = new Graphs(driver, stream, memory);
        this.clock = new DeviceClock(driver, stream);
        Launcher launcher = new Launcher(driver, stream, memory, computeType, libraries);
        this.kernels = kernels(launcher, memory.lifetime(), variants);
        memory.convertWith(copy -> CopyKernel.run(launcher, copy));
    }

    /** Reports have to say what has computed. */
    private static DeviceInfo describe(DeviceInfo info, Map<String, String> variants) {
        String with =
                variants.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(chosen -> ", " + chosen.getKey() + "=" + chosen.getValue())
                        .collect(Collectors.joining());
        return new DeviceInfo(
                info.id(), info.description() + with, info.memoryBytes(), info.problem());
    }

    private Libraries openLibraries(DeviceOptions options) {
        try {
            return Libraries.open(driver, stream, options.variants());
        } catch (RuntimeException e) {
            driver.destroyStream(stream);
            driver.close();
            throw e;
        }
    }

    private static KernelTable kernels(
            Launcher launcher, Lifetime lifetime, CudaVariants variants) {
        PointwiseKernels pointwise = new PointwiseKernels(launcher);
        NormKernels norms = new NormKernels(launcher);
        GroupNormKernels groups = new GroupNormKernels(launcher);
        LookupKernels lookup = new LookupKernels(launcher);
        KernelTable table = new KernelTable(lifetime);
        SumKernels sums = new SumKernels(launcher);
        variants.addTo(table, launcher, sums);
        addTraining(table, launcher, sums);
        return table.with(Op.HeadNormRope.class, new HeadNormRopeKernel(launcher))
                .with(Op.RmsNorm.class, norms::rmsNorm)
                .with(Op.LayerNorm.class, norms::layerNorm)
                .with(Op.GroupStatistics.class, groups::statistics)
                .with(Op.GroupNorm.class, groups::norm)
                .with(Op.Embedding.class, lookup::embedding)
                .with(Op.TimestepEmbedding.class, lookup::timestepEmbedding)
                .with(Op.UpsampleNearest2x.class, new UpsampleKernel(launcher))
                .with(Op.GuidedEuler.class, new GuidedEulerKernel(launcher))
                .with(Op.GateResidual.class, pointwise::gateResidual)
                .with(Op.Unary.class, pointwise::unary)
                .with(Op.GatedActivation.class, pointwise::gatedActivation)
                .with(Op.Binary.class, pointwise::binary)
                .with(Op.Rotate.class, new RotateKernel(launcher))
                .with(Op.Copy.class, new CopyKernel(launcher));
    }

    private static void addTraining(KernelTable table, Launcher launcher, SumKernels sums) {
        NormGradKernels norms = new NormGradKernels(launcher, sums);
        GradientKernels gradients = new GradientKernels(launcher);
        OptimizerKernels optimizer = new OptimizerKernels(launcher);
        table.with(TrainingOp.HeadNormRopeGrad.class, norms::headNormRope)
                .with(TrainingOp.RmsNormGrad.class, norms::rmsNorm)
                .with(TrainingOp.LayerNormGrad.class, norms::layerNorm)
                .with(TrainingOp.GateGrad.class, sums::gate)
                .with(TrainingOp.SumRows.class, sums::sumRows)
                .with(TrainingOp.ActivationGrad.class, gradients::activation)
                .with(TrainingOp.Accumulate.class, gradients::accumulate)
                .with(TrainingOp.Fill.class, gradients::fill)
                .with(TrainingOp.MseLoss.class, optimizer::meanSquaredError)
                .with(TrainingOp.GlobalNorm.class, optimizer::globalNorm)
                .with(TrainingOp.AdamW.class, optimizer::adamW)
                .with(TrainingOp.AdamW8Bit.class, optimizer::adamW8Bit);
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public DType computeType() {
        return computeType;
    }

    @Override
    public DeviceMemory memory() {
        return memory;
    }

    @Override
    public KernelTable kernels() {
        return kernels;
    }

    @Override
    public Replay replay(Runnable work) {
        memory.lifetime().requireOpen();
        return graphs.replay(work);
    }

    @Override
    public void synchronize() {
        memory.lifetime().requireOpen();
        driver.synchronize(stream);
    }

    @Override
    public long elapsedNanos(Runnable work) {
        synchronize();
        return clock.elapsedNanos(work);
    }

    @Override
    public void close() {
        if (memory.lifetime().isOver()) {
            return;
        }
        driver.synchronize(stream);
        clock.close();
        libraries.close();
        memory.close();
        memory.lifetime().end();
        driver.destroyStream(stream);
        driver.close();
    }
}
