package glance.backend.cpu;

import glance.api.DeviceInfo;
import glance.backend.Device;
import glance.backend.DeviceMemory;
import glance.backend.EachLinear;
import glance.backend.KernelTable;
import glance.op.Op;
import glance.op.TrainingOp;
import glance.tensor.DType;

/** The CPU as a device. */
final class CpuDevice implements Device {
    private final CpuMemory memory = new CpuMemory();
    private final Workers workers;
    private final KernelTable kernels;
    private final long memoryBytes;

    /**
     * @param memoryBytes most that may be used; 0 for all of the heap
     */
    CpuDevice(int threads, long memoryBytes) {
        this.memoryBytes = memoryBytes;
        workers = new Workers(threads);
        Gemm gemm = new Gemm(workers, memory);
        Pointwise pointwise = new Pointwise(workers);
        GroupNormKernels groups = new GroupNormKernels(workers);
        LinearKernel linear = new LinearKernel(gemm, new FewRows(workers, memory), memory);
        kernels =
                new KernelTable(memory.lifetime())
                        .with(Op.Linear.class, linear)
                        .with(Op.Linears.class, new EachLinear(linear))
                        .with(Op.Attention.class, new AttentionKernel(workers, memory))
                        .with(Op.HeadNormRope.class, new HeadNormRopeKernel(workers))
                        .with(Op.RmsNorm.class, new RmsNormKernel(workers))
                        .with(Op.LayerNorm.class, new LayerNormKernel(workers))
                        .with(Op.GroupStatistics.class, groups::statistics)
                        .with(Op.GroupNorm.class, groups::norm)
                        .with(Op.GateResidual.class, pointwise::gateResidual)
                        .with(Op.Unary.class, pointwise::unary)
                        .with(Op.GatedActivation.class, pointwise::gatedActivation)
                        .with(Op.Binary.class, pointwise::binary)
                        .with(Op.Embedding.class, Lookup::embedding)
                        .with(Op.TimestepEmbedding.class, Lookup::timestepEmbedding)
                        .with(Op.Rotate.class, new RotateKernel(workers))
                        .with(Op.Copy.class, new CopyKernel())
                        .with(Op.Conv2d.class, new Conv2dKernel(gemm))
                        .with(Op.UpsampleNearest2x.class, new UpsampleKernel())
                        .with(Op.GuidedEuler.class, new GuidedEulerKernel());
        addTraining(kernels, gemm);
    }

    private void addTraining(KernelTable table, Gemm gemm) {
        ProductKernels products = new ProductKernels(gemm, memory);
        NormGradKernels norms = new NormGradKernels(workers);
        PointwiseGrads pointwise = new PointwiseGrads(workers);
        table.with(TrainingOp.LinearGrad.class, products::linear)
                .with(TrainingOp.SumRows.class, pointwise::sumRows)
                .with(TrainingOp.AttentionGrad.class, new AttentionGradKernel(workers, memory))
                .with(TrainingOp.HeadNormRopeGrad.class, norms::headNormRope)
                .with(TrainingOp.RmsNormGrad.class, norms::rmsNorm)
                .with(TrainingOp.LayerNormGrad.class, norms::layerNorm)
                .with(TrainingOp.GateGrad.class, pointwise::gate)
                .with(TrainingOp.ActivationGrad.class, pointwise::activation)
                .with(TrainingOp.Accumulate.class, pointwise::accumulate)
                .with(TrainingOp.Fill.class, pointwise::fill)
                .with(TrainingOp.MseLoss.class, OptimizerKernels::meanSquaredError)
                .with(TrainingOp.GlobalNorm.class, OptimizerKernels::globalNorm)
                .with(TrainingOp.AdamW.class, new OptimizerKernels(workers)::adamW)
                .with(TrainingOp.AdamW8Bit.class, new AdamW8BitKernel(workers));
    }

    static DeviceInfo describe(int threads) {
        return new DeviceInfo(
                "cpu",
                threads + (threads == 1 ? " thread, " : " threads, ") + Simd.INSTANCE.description(),
                Runtime.getRuntime().maxMemory(),
                null);
    }

    @Override
    public DeviceInfo info() {
        DeviceInfo all = describe(workers.threads());
        return memoryBytes == 0 || memoryBytes > all.memoryBytes()
                ? all
                : new DeviceInfo(all.id(), all.description(), memoryBytes, all.problem());
    }

    @Override
    public DType computeType() {
        return DType.F32;
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
    public void synchronize() {
        memory.lifetime().requireOpen(); // every kernel has finished when run() returns
    }

    @Override
    public void close() {
        if (memory.lifetime().end()) {
            workers.close();
            memory.clear();
        }
    }
}
