# TorchScript as torch.jit.save would write it; one method for each thing measured.
class Peer(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def linear(self: __torch__.Peer,
    x: Tensor,
    weight: Tensor,
    bias: Tensor) -> Tensor:
    return torch.linear(x, weight, bias)
  def half(self: __torch__.Peer,
    x: Tensor) -> Tensor:
    return torch.to(x, 15)
  def linear_bf16(self: __torch__.Peer,
    x: Tensor,
    weight: Tensor,
    bias: Tensor) -> Tensor:
    return torch.to(torch.linear(torch.to(x, 15), weight, bias), 6)
  def linear_lora(self: __torch__.Peer,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    a: Tensor,
    b: Tensor,
    scale: float) -> Tensor:
    low = torch.linear(torch.linear(x, a), b)
    return torch.add(torch.linear(x, weight, bias), low, alpha=scale)
  def attention(self: __torch__.Peer,
    q: Tensor,
    k: Tensor,
    v: Tensor) -> Tensor:
    y = torch.scaled_dot_product_attention(torch.transpose(q, 1, 2), torch.transpose(k, 1, 2), torch.transpose(v, 1, 2))
    return torch.transpose(y, 1, 2)
  def norm_modulate(self: __torch__.Peer,
    x: Tensor,
    scale: Tensor,
    shift: Tensor) -> Tensor:
    normed = torch.layer_norm(x, [torch.size(x, -1)], None, None, 9.9999999999999995e-07)
    return torch.add(torch.mul(normed, torch.add(torch.unsqueeze(scale, 1), 1)), torch.unsqueeze(shift, 1))
  def norm_rope(self: __torch__.Peer,
    x: Tensor,
    weight: Tensor,
    turn: Tensor) -> Tensor:
    normed = torch.rms_norm(x, [torch.size(x, -1)], weight, 9.9999999999999995e-07)
    pairs = torch.view_as_complex(torch.unflatten(normed, -1, [-1, 2]))
    turned = torch.mul(pairs, torch.unsqueeze(torch.view_as_complex(turn), 1))
    return torch.flatten(torch.view_as_real(turned), 3)
  def head_norm_rope(self: __torch__.Peer,
    text: Tensor,
    image: Tensor,
    text_weight: Tensor,
    image_weight: Tensor,
    turn: Tensor) -> Tensor:
    n = torch.size(text, 1)
    t = (self).norm_rope(text, text_weight, torch.slice(turn, 0, 0, n))
    i = (self).norm_rope(image, image_weight, torch.slice(turn, 0, n))
    return torch.cat([t, i], 1)
  def project_heads(self: __torch__.Peer,
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    head_dim: int) -> Tensor:
    return torch.unflatten(torch.linear(x, weight, bias), -1, [-1, head_dim])
  def mlp(self: __torch__.Peer,
    x: Tensor,
    shift: Tensor,
    scale: Tensor,
    gate: Tensor,
    up: Tensor,
    up_bias: Tensor,
    down: Tensor,
    down_bias: Tensor) -> Tensor:
    y = (self).norm_modulate(x, scale, shift)
    wide = torch.gelu(torch.linear(y, up, up_bias), approximate="tanh")
    return torch.add(x, torch.mul(torch.unsqueeze(gate, 1), torch.linear(wide, down, down_bias)))
  def block(self: __torch__.Peer,
    text: Tensor,
    image: Tensor,
    text_mod: Tensor,
    image_mod: Tensor,
    turn: Tensor,
    t: List[Tensor],
    i: List[Tensor]) -> Tensor:
    n = torch.size(text, 1)
    d = torch.size(t[6], 0)
    tm = torch.chunk(text_mod, 6, 1)
    im = torch.chunk(image_mod, 6, 1)
    c = (self).norm_modulate(text, tm[1], tm[0])
    x = (self).norm_modulate(image, im[1], im[0])
    q = (self).head_norm_rope((self).project_heads(c, t[0], t[1], d), (self).project_heads(x, i[0], i[1], d), t[6], i[6], turn)
    k = (self).head_norm_rope((self).project_heads(c, t[2], t[3], d), (self).project_heads(x, i[2], i[3], d), t[7], i[7], turn)
    v = torch.cat([(self).project_heads(c, t[4], t[5], d), (self).project_heads(x, i[4], i[5], d)], 1)
    joint = torch.flatten((self).attention(q, k, v), 2)
    tp = torch.linear(torch.slice(joint, 1, 0, n), t[8], t[9])
    ip = torch.linear(torch.slice(joint, 1, n), i[8], i[9])
    text1 = torch.add(text, torch.mul(torch.unsqueeze(tm[2], 1), tp))
    image1 = torch.add(image, torch.mul(torch.unsqueeze(im[2], 1), ip))
    text2 = (self).mlp(text1, tm[3], tm[4], tm[5], t[10], t[11], t[12], t[13])
    image2 = (self).mlp(image1, im[3], im[4], im[5], i[10], i[11], i[12], i[13])
    return torch.cat([text2, image2], 1)
