from orchestrator_gql import step

async def test_x(stage):
    @step("one")
    def one(a: int): return {"b": a+1}
    p = await stage.play(one, a=1)
    print(p); assert 0
